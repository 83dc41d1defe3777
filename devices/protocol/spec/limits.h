/* generated from spec/limits.json by spec/generate.py; change it there */
#ifndef LOA_LIMITS_H
#define LOA_LIMITS_H
#define LOA_PROTOCOL_VERSION 1LL /* the topic level after the root */
#define LOA_HEADER_BYTES 114LL /* 'ed25519 ' + 16 hex + ' ' + 88 base64 + newline: fixed, so C needs no scan */
#define LOA_MANIFEST_BYTES_MAX 262144LL /* two weeks of a busy commune; fits the RAM of the smallest receiver */
#define LOA_OVERRIDES_BYTES_MAX 65536LL /* 16 overrides with their asset entries */
#define LOA_KEYS_BYTES_MAX 8192LL /* 16 keys */
#define LOA_CMD_BYTES_MAX 2048LL /* a command has a few integers */
#define LOA_TIME_BYTES_MAX 512LL /* a beacon has two integers */
#define LOA_STATE_BYTES_MAX 4096LL /* one page of flash */
#define LOA_ACK_BYTES_MAX 2048LL /* one answer */
#define LOA_NEED_BYTES_MAX 8192LL /* 256 ranges */
#define LOA_ASRUN_BYTES_MAX 65536LL /* 100 records */
#define LOA_CHUNK_BYTES 32768LL /* every broker takes it; one bad chunk costs 32 KiB of a 4G subscription */
#define LOA_ASSET_CHUNKS_MAX 1024LL /* 32 MiB: two hours of speech at 32 kbit/s */
#define LOA_ASSET_DURATION_MS_MAX 7200000LL /* two hours: no session of the field is longer */
#define LOA_JSON_DEPTH_MAX 8LL /* a C parser with a fixed stack */
#define LOA_ID_CHARS_MAX 64LL /* ids are [a-z0-9-] */
#define LOA_AREA_CHARS_MAX 32LL /* official codes are 2 to 5 digits; groups get a name */
#define LOA_TITLE_CHARS_MAX 200LL /* one line of a display */
#define LOA_TEXT_CHARS_MAX 8000LL /* ten minutes of speech */
#define LOA_MANIFEST_ITEMS_MAX 512LL /* 14 days of 36 items */
#define LOA_MANIFEST_ASSETS_MAX 256LL /* what a receiver of 4 GB holds with room to spare */
#define LOA_MANIFEST_AREAS_MAX 32LL /* nation, province, commune, village and groups */
#define LOA_MANIFEST_DAYS_MAX 14LL /* a week must be held; two weeks cover Tet */
#define LOA_QUIET_WINDOWS_MAX 8LL /* night, midday, and room */
#define LOA_OVERRIDES_MAX 16LL /* active at once in one area */
#define LOA_OVERRIDE_STEPS_MAX 16LL /* siren, voice three times, siren, with room */
#define LOA_OVERRIDE_REPEATS_MAX 288LL /* every five minutes for a day */
#define LOA_OVERRIDE_MS_MAX 259200000LL /* three days; longer must be sent again by a person */
#define LOA_STEP_GAP_MS_MAX 14400000LL /* four hours: the law's slowest repeat is three */
#define LOA_SILENT_GAP_MS_MAX 60000LL /* in a longer gap what ranks below sounds: a repeat every three hours mutes no day */
#define LOA_KEYS_MAX 16LL /* now, next, and those of other paths */
#define LOA_SEQUENCE_MAX 9007199254740991LL /* 2^53 - 1: exact in every JSON parser */
#define LOA_TIME_MS_MAX 4102444800000LL /* 1 January 2100; later is an error, not a date */
#define LOA_ASRUN_RECORDS_MAX 100LL /* one report */
#define LOA_NEED_RANGES_MAX 256LL /* one request */
#define LOA_REFUSALS_PER_MINUTE_MAX 10LL /* a flood of forgeries must not become a flood of answers; the rest is counted */
#define LOA_CHECKPOINT_MS_MAX 10000LL /* how old the end of a record may be when power is lost */
#define LOA_MANIFEST_HELD_MIN_DAYS 7LL /* how long a receiver must play alone */
#endif
