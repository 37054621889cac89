/* A gate that speaks the line protocol of `huitong transit attack-suite --command`: see docs/start/first-gate.md.
 *
 *     reset KEY NETWORK STATION     the operator's key, hexadecimal; where the gate stands; forgets everything
 *     key-set TABLE | deny TABLE | state TABLE
 *     verify NOW ERROR WAY CODE     ERROR: seconds that the clock may be off, - if unknown; WAY: in, out, boarding
 *     passed NOW WAY CODE           another gate of the station let it pass
 *
 * Each line is answered with the field code and the reason's name.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "huitong_transit.h"

#define LINE_MAX_BYTES (1 << 18)

static char line[LINE_MAX_BYTES];
static uint8_t bytes[LINE_MAX_BYTES / 2];

/* The sizes this program counts on. */
_Static_assert(sizeof(((ht_config *)0)->operator_key) == 33, "a compressed SM2 key");
_Static_assert(HT_CODE_LENGTH_MAX == 1024 && sizeof bytes > HT_CODE_LENGTH_MAX, "any code fits");

static int digit(char character) {
    if (character >= '0' && character <= '9') return character - '0';
    if (character >= 'a' && character <= 'f') return character - 'a' + 10;
    return -1;
}

/* Reads hexadecimal digits into `bytes`; gives their number. */
static size_t read_bytes(const char *text) {
    size_t length = 0;
    while (digit(text[0]) >= 0 && digit(text[1]) >= 0) {
        bytes[length++] = (uint8_t)(digit(text[0]) << 4 | digit(text[1]));
        text += 2;
    }
    return length;
}

static void *make_gate(uint32_t network, uint32_t station) {
    ht_config config = {
        .network = network,
        .station = station,
        .deny_entries_max = 64,
        .homes_max = 8,
        .replay_entries_max = 64,
        .passback_entries_max = 64,
        .certificates_cached = 8,
        .authorisations_cached = 32,
        .skew_s = HT_CITY,
        .validity_max_s = 120,
        .key_set_age_max_s = 604800,
        .deny_age_max_s = HT_CITY,
        .passback_s = HT_CITY,
        .deny_stale_policy = HT_CITY,
        .clock_untrusted_policy = HT_REFUSE,
    };
    memcpy(config.operator_key, bytes, sizeof config.operator_key);
    size_t size = ht_ctx_size(&config);
    void *memory = aligned_alloc(16, (size + 15) / 16 * 16);
    if (memory == NULL || ht_ctx_init(memory, size, &config) != 0) {
        fprintf(stderr, "the gate cannot be made\n");
        exit(1);
    }
    return memory;
}

static void answer(int32_t code, const char *reason) {
    printf("%d %s\n", (int)code, reason);
    fflush(stdout);
}

/* 0, which is no direction, for another word. */
static uint32_t direction(const char *word) {
    if (strcmp(word, "in") == 0) return HT_IN;
    if (strcmp(word, "out") == 0) return HT_OUT;
    if (strcmp(word, "boarding") == 0) return HT_BOARDING;
    return 0;
}

int main(void) {
    void *gate = NULL;
    while (fgets(line, sizeof line, stdin) != NULL) {
        char command[16] = "", way[16] = "", error[24] = "";
        unsigned network = 0, station = 0;
        long long now = 0;
        int at = 0;
        if (sscanf(line, "verify %lld %23s %15s %n", &now, error, way, &at) >= 3 && at > 0) {
            ht_result result;
            /* A reader's own buffer would have HT_CODE_LENGTH_MAX + 1 bytes; this one holds any line. */
            size_t length = read_bytes(line + at);
            int64_t clock_error_s = strcmp(error, "-") == 0 ? -1 : strtoll(error, NULL, 10);
            int32_t code = ht_verify(gate, bytes, length, now, clock_error_s, direction(way), &result);
            answer(code, code == HT_MISUSE ? "MISUSE" : ht_reason_name(result.reason));
        } else if (sscanf(line, "passed %lld %15s %n", &now, way, &at) >= 2 && at > 0) {
            size_t length = read_bytes(line + at);
            answer(ht_note_passed(gate, bytes, length, now, direction(way)), "-");
        } else if (sscanf(line, "reset %*s %u %u%n", &network, &station, &at) >= 2 && at > 0) {
            read_bytes(line + strlen("reset "));
            free(gate);
            gate = make_gate(network, station);
            answer(0, "-");
        } else if (sscanf(line, "%15s %n", command, &at) >= 1 && at > 0) {
            size_t length = read_bytes(line + at);
            int32_t code = HT_MISUSE;
            if (strcmp(command, "key-set") == 0) {
                code = ht_load_keyset(gate, bytes, length);
            } else if (strcmp(command, "deny") == 0) {
                code = ht_apply_deny(gate, bytes, length);
            } else if (strcmp(command, "state") == 0) {
                code = ht_load_state(gate, bytes, length);
            }
            answer(code, "-");
        }
    }
    free(gate);
    return 0;
}
