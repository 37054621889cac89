/* Prints what a C compiler makes of the header: each field's place and size, each number. */
#include <stdio.h>

#include "huitong_transit.h"

#define SIZE(type) printf("%s - 0 %zu\n", #type, sizeof(type))
#define FIELD(type, field) printf("%s %s %zu %zu\n", #type, #field, offsetof(type, field), sizeof(((type *)0)->field))
#define NUMBER(name) printf("number %s %d 0\n", #name, (int)(name))

int main(void) {
    SIZE(ht_config);
    FIELD(ht_config, operator_key);
    FIELD(ht_config, network);
    FIELD(ht_config, station);
    FIELD(ht_config, deny_entries_max);
    FIELD(ht_config, homes_max);
    FIELD(ht_config, replay_entries_max);
    FIELD(ht_config, passback_entries_max);
    FIELD(ht_config, certificates_cached);
    FIELD(ht_config, authorisations_cached);
    FIELD(ht_config, skew_s);
    FIELD(ht_config, validity_max_s);
    FIELD(ht_config, key_set_age_max_s);
    FIELD(ht_config, deny_age_max_s);
    FIELD(ht_config, passback_s);
    FIELD(ht_config, deny_stale_policy);
    FIELD(ht_config, clock_untrusted_policy);

    SIZE(ht_result);
    FIELD(ht_result, accept);
    FIELD(ht_result, field_code);
    FIELD(ht_result, reason);
    FIELD(ht_result, flags);
    FIELD(ht_result, profile);
    FIELD(ht_result, age_s);
    FIELD(ht_result, generation_time);
    FIELD(ht_result, limit_fen);
    FIELD(ht_result, home);
    FIELD(ht_result, issuer);
    FIELD(ht_result, account);
    FIELD(ht_result, platform);
    FIELD(ht_result, ticket_number);
    FIELD(ht_result, replay_key);
    FIELD(ht_result, key_set_version);
    FIELD(ht_result, deny_home);
    FIELD(ht_result, deny_sequence);
    FIELD(ht_result, deny_age_s);
    FIELD(ht_result, fare_pack_version);

    NUMBER(HT_CODE_LENGTH_MAX);
    NUMBER(HT_MISUSE);
    NUMBER(HT_IN);
    NUMBER(HT_OUT);
    NUMBER(HT_BOARDING);
    NUMBER(HT_REFUSE);
    NUMBER(HT_ACCEPT_FLAGGED);
    NUMBER(HT_CITY);
    NUMBER(HT_OVER_LIMIT);
    NUMBER(HT_DENY_STALE);
    NUMBER(HT_CLOCK);
    NUMBER(HT_FREE_EXIT);

    /* The library's names of the header's first and last reason, and that there is none behind it. */
    printf("reason %s %d 0\n", ht_reason_name(HT_OK), HT_OK);
    printf("reason %s %d 0\n", ht_reason_name(HT_CHAIN), HT_CHAIN);
    printf("reason %s %d 0\n", ht_reason_name(HT_CHAIN + 1) == NULL ? "-" : "another", HT_CHAIN + 1);
    return 0;
}
