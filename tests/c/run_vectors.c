/* run_vectors envelopes.tsv: judge every line, then spoil every good envelope in every way.  Exit 0: all as told. */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "envelope.h"
#include "limits.h"

enum { KEYS_MAX = 16, COLUMNS = 8, LINE_MAX_BYTES = 600000 };

static char line[LINE_MAX_BYTES];
static unsigned char payload[LINE_MAX_BYTES];
static loa_key keys[KEYS_MAX];
static int cases, spoiled, wrong;

static void expect(const char *name, const char *what, const char *expected, const char *found)
{
    if (strcmp(expected, found) != 0) {
        wrong++;
        printf("%s%s: must be %s, is %s\n", name, what, expected, found);
    }
}

static size_t decode(char *text)
{
    size_t length = strlen(text);
    if (strcmp(text, "-") == 0)
        return 0;
    int size = EVP_DecodeBlock(payload, (unsigned char *)text, (int)length);
    if (size < 0) {
        fprintf(stderr, "not base64\n");
        exit(2);
    }
    while (length > 0 && text[--length] == '=')
        size--;
    return (size_t)size;
}

/* id:public key in hex:from:until, separated by commas */
static size_t read_keys(char *text)
{
    size_t count = 0;
    if (strcmp(text, "-") == 0)
        return 0;
    for (char *entry = strtok(text, ","); entry != NULL && count < KEYS_MAX; entry = strtok(NULL, ",")) {
        loa_key *key = &keys[count];
        memcpy(key->id, entry, 16);
        for (int i = 0; i < 32; i++) {
            char hex[3] = {entry[17 + 2 * i], entry[18 + 2 * i], '\0'};
            key->public_key[i] = (unsigned char)strtoul(hex, NULL, 16);
        }
        char *rest = entry + 82;
        key->not_before_ms = strtoll(rest, &rest, 10);
        key->not_after_ms = strtoll(rest + 1, NULL, 10);
        count += loa_is_rightly_named(key) ? 1 : 0;
    }
    return count;
}

/* A good envelope: no bit of it may change, no older sequence, nothing at its expiry. */
static void spoil(const char *name, size_t size, loa_held held)
{
    const char *body = (const char *)payload + LOA_HEADER_BYTES;
    size_t body_size = size - LOA_HEADER_BYTES;
    for (size_t at = 0; at < size && size <= LOA_CMD_BYTES_MAX; at++) {
        payload[at] ^= (unsigned char)(1u << (at % 8));
        const char *found = loa_judge(payload, size, &held);
        payload[at] ^= (unsigned char)(1u << (at % 8));
        spoiled++;
        if (strcmp(found, "accepted") == 0)
            expect(name, ", a bit flipped", "refused", found);
    }
    int64_t sequence = loa_integer(body, body_size, "sequence");
    int64_t expires_at_ms = loa_integer(body, body_size, "expires_at_ms");
    held.mark_sequence = sequence + 1;
    expect(name, ", after a later one", "stale", loa_judge(payload, size, &held));
    held.mark_sequence = sequence;
    if (expires_at_ms >= 0) {
        held.clock_trusted = 0; /* the key may have ended before */
        held.at_ms = expires_at_ms;
        expect(name, ", when it expires", "expired", loa_judge(payload, size, &held));
        held.at_ms = expires_at_ms - 1;
        expect(name, ", just before", "accepted", loa_judge(payload, size, &held));
    }
    spoiled += 3;
}

static void run(char *text)
{
    char *column[COLUMNS];
    for (int i = 0; i < COLUMNS; i++) {
        column[i] = text;
        char *end = strpbrk(text, "\t\n");
        if (end == NULL) {
            fprintf(stderr, "a line with too few columns\n");
            exit(2);
        }
        *end = '\0';
        text = end + 1;
    }
    loa_held held = {
        .keys = keys,
        .bytes_max = (size_t)atoll(column[2]),
        .clock_trusted = atoi(column[3]),
        .at_ms = atoll(column[4]),
        .mark_sequence = atoll(column[5]),
    };
    held.key_count = read_keys(column[6]);
    size_t size = decode(column[7]);
    cases++;
    expect(column[0], "", column[1], loa_judge(payload, size, &held));
    if (strcmp(column[1], "accepted") == 0)
        spoil(column[0], size, held);
}

int main(int argc, char **argv)
{
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    if (file == NULL) {
        fprintf(stderr, "usage: run_vectors envelopes.tsv\n");
        return 2;
    }
    while (fgets(line, sizeof line, file) != NULL)
        if (line[0] != '#')
            run(line);
    fclose(file);
    printf("%d cases, %d spoiled, %d wrong\n", cases, spoiled, wrong);
    return wrong == 0 && cases > 0 ? 0 : 1;
}
