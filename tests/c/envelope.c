#include "envelope.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "limits.h"

enum { ID_AT = 8, ID_CHARS = 16, SIGNATURE_AT = 25, SIGNATURE_CHARS = 88, SIGNATURE_BYTES = 64 };

static int all_of(const unsigned char *text, size_t count, const char *letters)
{
    for (size_t i = 0; i < count; i++)
        if (text[i] == '\0' || strchr(letters, text[i]) == NULL)
            return 0;
    return 1;
}

/* "ed25519 " + 16 hex + ' ' + 88 base64 + '\n', and the base64 is the only one of its signature */
static int is_header(const unsigned char *p, size_t size)
{
    static const char hex[] = "0123456789abcdef";
    static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    return size >= LOA_HEADER_BYTES && memcmp(p, "ed25519 ", ID_AT) == 0 && all_of(p + ID_AT, ID_CHARS, hex)
        && p[SIGNATURE_AT - 1] == ' ' && all_of(p + SIGNATURE_AT, 85, base64)
        && all_of(p + SIGNATURE_AT + 85, 1, "AQgw") && memcmp(p + SIGNATURE_AT + 86, "==\n", 3) == 0;
}

static const loa_key *find_key(const loa_held *held, const unsigned char *id)
{
    for (size_t i = 0; i < held->key_count; i++)
        if (memcmp(held->keys[i].id, id, ID_CHARS) == 0)
            return &held->keys[i];
    return NULL;
}

static int verify(const loa_key *key, const unsigned char *header, const unsigned char *body, size_t size)
{
    unsigned char signature[66]; /* the decoder writes whole groups of three */
    int good = 0;
    EVP_PKEY *public_key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key->public_key, 32);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (public_key != NULL && context != NULL
        && EVP_DecodeBlock(signature, header + SIGNATURE_AT, SIGNATURE_CHARS) == (int)sizeof signature
        && EVP_DigestVerifyInit(context, NULL, NULL, NULL, public_key) == 1)
        good = EVP_DigestVerify(context, signature, SIGNATURE_BYTES, body, size) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(public_key);
    return good;
}

int loa_is_rightly_named(const loa_key *key)
{
    unsigned char hash[32];
    char name[17];
    if (EVP_Digest(key->public_key, sizeof key->public_key, hash, NULL, EVP_sha256(), NULL) != 1)
        return 0;
    for (int i = 0; i < 8; i++)
        snprintf(name + 2 * i, 3, "%02x", hash[i]);
    return memcmp(name, key->id, ID_CHARS) == 0;
}

static size_t past_blanks(const char *body, size_t size, size_t at)
{
    while (at < size && strchr(" \t\r\n", body[at]) != NULL && body[at] != '\0')
        at++;
    return at;
}

static int64_t number_at(const char *body, size_t size, size_t at)
{
    int64_t value = 0;
    size_t first = at;
    for (; at < size && body[at] >= '0' && body[at] <= '9'; at++) {
        value = value * 10 + (body[at] - '0');
        if (value > LOA_SEQUENCE_MAX)
            return -1;
    }
    return at > first ? value : -1;
}

int64_t loa_integer(const char *body, size_t size, const char *name)
{
    size_t length = strlen(name);
    int depth = 0;
    for (size_t at = 0; at < size; at++) {
        if (body[at] == '{' || body[at] == '[')
            depth++;
        else if (body[at] == '}' || body[at] == ']')
            depth--;
        else if (body[at] == '"') {
            size_t first = ++at;
            while (at < size && body[at] != '"')
                at += body[at] == '\\' ? 2 : 1;
            if (depth == 1 && at < size && at - first == length && memcmp(body + first, name, length) == 0) {
                size_t colon = past_blanks(body, size, at + 1);
                if (colon < size && body[colon] == ':')
                    return number_at(body, size, past_blanks(body, size, colon + 1));
            }
        }
    }
    return -1;
}

const char *loa_judge(const unsigned char *payload, size_t size, const loa_held *held)
{
    if (size > held->bytes_max)
        return "too_large";
    if (!is_header(payload, size))
        return "bad_envelope";
    const loa_key *key = find_key(held, payload + ID_AT);
    if (key == NULL)
        return "unknown_key";
    if (held->clock_trusted && (held->at_ms < key->not_before_ms || held->at_ms > key->not_after_ms))
        return "key_not_valid";
    const unsigned char *body = payload + LOA_HEADER_BYTES;
    size_t body_size = size - LOA_HEADER_BYTES;
    if (!verify(key, payload, body, body_size))
        return "bad_signature";
    int64_t sequence = loa_integer((const char *)body, body_size, "sequence");
    if (sequence < 1)
        return "bad_field";
    if (sequence < held->mark_sequence)
        return "stale";
    int64_t expires_at_ms = loa_integer((const char *)body, body_size, "expires_at_ms");
    if (expires_at_ms >= 0 && held->at_ms >= expires_at_ms)
        return "expired";
    return "accepted";
}
