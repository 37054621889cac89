/* Ride codes (乘车码) verified offline at a gate, of two layouts: JT/T 1179 and UIC 918.9. One context per gate, used by one
 * thread at a time.
 *
 * No function allocates, blocks, reads a clock or asks the network. Memory is the caller's: ht_ctx_size() bytes, aligned to
 * 16 bytes, kept as long as the gate is used. Tables are copied, so their bytes may be freed after the call.
 *
 * Guide: docs/start/first-gate.md. Values of `reason` are stable and are never reused.
 */
#ifndef HUITONG_TRANSIT_H
#define HUITONG_TRANSIT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of a code at most, in either layout. A scanner's buffer holds one byte more, so that a longer scan is seen to be one. */
#define HT_CODE_LENGTH_MAX 1024

enum ht_direction { HT_IN = 1, HT_OUT = 2, HT_BOARDING = 3 };
enum ht_policy { HT_REFUSE = 0, HT_ACCEPT_FLAGGED = 1 };
enum ht_flag { HT_OVER_LIMIT = 1, HT_DENY_STALE = 2, HT_CLOCK = 4, HT_FREE_EXIT = 8 };

/* Returned for a null pointer, memory that is too small or not aligned, or settings out of range. */
#define HT_MISUSE (-1000)

enum ht_reason {
    HT_OK = 0,
    HT_FORMAT = 1,
    HT_VERSION = 2,
    HT_KEYSET = 3,
    HT_ROOT_MISSING = 4,
    HT_CERT_SIG = 5,
    HT_CERT_EXPIRED = 6,
    HT_CERT_REVOKED = 7,
    HT_ISSUER_MISMATCH = 8,
    HT_AUTH_SIG = 9,
    HT_ACCOUNT_TYPE = 10,
    HT_AUTH_EXPIRED = 11,
    HT_VALIDITY = 12,
    HT_USER_KEY = 13,
    HT_USER_SIG = 14,
    HT_CODE_EXPIRED = 15,
    HT_CODE_FUTURE = 16,
    HT_DENIED = 17,
    HT_DENY_IS_STALE = 18,
    HT_LIMIT = 19,
    HT_REPLAY = 20,
    HT_REPLAY_FULL = 21,
    HT_PASSBACK = 22,
    HT_CLOSED = 23,
    HT_CLOCK_UNTRUSTED = 24,
    HT_CHAIN = 25
};

/* For skew_s, deny_age_max_s, passback_s and deny_stale_policy: what the city sets is in force, as the station's state says it. */
#define HT_CITY UINT32_MAX

typedef struct ht_config {
    uint8_t operator_key[33];        /* compressed SM2 key that signs the tables */
    uint32_t network;                /* where the gate stands, six digits, never 0: states of other stations are refused */
    uint32_t station;
    uint32_t deny_entries_max;       /* rows of all deny lists together */
    uint32_t homes_max;              /* deny lists: one per home jurisdiction */
    uint32_t replay_entries_max;     /* codes of validity_max_s + 2 * skew_s seconds */
    uint32_t passback_entries_max;   /* tickets that entered within passback_s */
    uint32_t certificates_cached;
    uint32_t authorisations_cached;  /* of both layouts together */
    uint32_t skew_s;                 /* HT_CITY, or the gate's own, at most 120 */
    uint32_t validity_max_s;         /* default 120 */
    uint32_t key_set_age_max_s;      /* default 604800 */
    uint32_t deny_age_max_s;         /* HT_CITY, or the gate's own */
    uint32_t passback_s;             /* HT_CITY, or the gate's own */
    uint32_t deny_stale_policy;      /* HT_CITY, or enum ht_policy */
    uint32_t clock_untrusted_policy; /* enum ht_policy */
} ht_config;

typedef struct ht_result {
    int32_t accept;                  /* 1: write the tap record, then open */
    int32_t field_code;              /* 0, -1, -101 ... -107, -201 ... -207 */
    uint32_t reason;                 /* enum ht_reason */
    uint32_t flags;                  /* enum ht_flag */
    uint32_t profile;                /* 1 jtt1179, 7 uic-918-9; 0 unknown */
    int64_t age_s;                   /* now - generation time; negative: the phone's clock is fast */
    int64_t generation_time;         /* Unix seconds */
    uint32_t limit_fen;
    uint32_t home;                   /* the jurisdiction that pays, six digits */
    uint8_t issuer[4];               /* BCD */
    uint8_t account[10];             /* BCD */
    uint8_t platform[4];
    uint8_t ticket_number[8];
    uint8_t replay_key[32];
    /* For the tap record: the tables this answer was given by; 0 where none was held, or the rider's home is not known. */
    uint32_t key_set_version;
    uint32_t deny_home;
    uint32_t deny_sequence;
    uint32_t deny_age_s;
    uint32_t fare_pack_version;
} ht_result;

size_t ht_ctx_size(const ht_config *config);
int32_t ht_ctx_init(void *memory, size_t length, const ht_config *config);

/* Takes a key set of layout HTK2: roots, issuers, revocations, platforms with their profiles, keys of UIC providers.
 * 0, or HT_CHAIN's code -107 when the table is old, malformed or not signed by the operator (the one in force stays), or
 * -204 when it does not fit. One that is announced for later decides nothing until then, and the one in force stays. */
int32_t ht_load_keyset(void *context, const uint8_t *table, size_t length);
/* The next delta of a home's deny list, or a snapshot. 0; -107 when it does not follow; -204 when it does not fit. */
int32_t ht_apply_deny(void *context, const uint8_t *table, size_t length);
/* A newer state of the gate's own station (layout HTS2), with what the city sets for its gates. 0, or -107. */
int32_t ht_load_state(void *context, const uint8_t *table, size_t length);

/* Checks a code as scanned, without any conversion of characters. The first bytes tell the layout; the profile of the code's
 * platform in the key set must be of it. now: corrected gate time, Unix seconds. clock_error_s: how far that may be off,
 * negative if unknown. direction: enum ht_direction. Gives result->field_code, or HT_MISUSE, which leaves *result alone. */
int32_t ht_verify(void *context, const uint8_t *code, size_t length, int64_t now, int64_t clock_error_s, uint32_t direction,
                  ht_result *result);

/* This code passed at another gate of the station, or here before a restart (now: its time then): it is used up here, whatever
 * this gate would say of it. No signature is checked: take it only from gates that you know. 0; -1 for what is no code;
 * -204 when a table is full. */
int32_t ht_note_passed(void *context, const uint8_t *code, size_t length, int64_t now, uint32_t direction);

/* For instance "TRN-AUTH-SIG"; NULL for an unknown number. */
const char *ht_reason_name(uint32_t reason);

#ifdef __cplusplus
}
#endif
#endif
