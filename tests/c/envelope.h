/* The envelope of the wire contract, as a small device checks it.  No allocation, no JSON library. */
#ifndef LOA_ENVELOPE_H
#define LOA_ENVELOPE_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    char id[17];
    unsigned char public_key[32];
    int64_t not_before_ms;
    int64_t not_after_ms;
} loa_key;

typedef struct {
    const loa_key *keys;
    size_t key_count;
    size_t bytes_max;      /* of the topic's type, header included */
    int clock_trusted;
    int64_t at_ms;         /* now, or the floor while the clock is not trusted */
    int64_t mark_sequence; /* the highest accepted on this topic; 0: none */
} loa_held;

/* Return "accepted" or the reason of the first check that fails, in the order of protocol.md, Refusals. */
const char *loa_judge(const unsigned char *payload, size_t size, const loa_held *held);

/* Say whether a key bears its right name: entries of a key set that do not are left out. */
int loa_is_rightly_named(const loa_key *key);

/* Return the integer in field `name` of the outermost object of a verified body; -1 when there is none. */
int64_t loa_integer(const char *body, size_t size, const char *name);

#endif
