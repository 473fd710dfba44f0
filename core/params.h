/* params.h - the params of a cell: sorted k=v;k=v, or empty */
#ifndef BATON_PARAMS_H
#define BATON_PARAMS_H

#include "bench.h"

/* The value of `key` as a number, or `otherwise`. params may be NULL, as below. */
long params_get(const char *params, const char *key, long otherwise);

/* The same as it is written: copied into text, which is returned, or NULL where there is no such
 * key. */
const char *params_text(const char *params, const char *key, char text[PARAMS_MAX]);

/* Puts key=value, a key that is not there yet, where the order of the keys wants it. 0, or -ENOSPC,
 * with params untouched, where there is no room. */
int params_put(char params[PARAMS_MAX], const char *key, const char *value);

/* Whether the params are that set of a workload's, but for what select adds to one: awake, per_cpu
 * and dose_pct. */
bool params_are(const char *params, const char *set);

#endif
