/* params.c - reads, adds to and compares the params of cells */
#include "params.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The length of what stands at `at`, up to the next. */
static size_t span(const char *at)
{
	return strcspn(at, ";");
}

/* What comes after it: the next one, or the end. */
static const char *next(const char *at)
{
	at += span(at);
	return at + (*at == ';');
}

static bool is_key(const char *at, const char *key)
{
	const size_t length = strlen(key);

	return !strncmp(at, key, length) && at[length] == '=';
}

/* What follows "key=", or NULL. */
static const char *find(const char *params, const char *key)
{
	for (const char *at = params; at && *at; at = next(at))
		if (is_key(at, key))
			return at + strlen(key) + 1;
	return NULL;
}

long params_get(const char *params, const char *key, long otherwise)
{
	const char *value = find(params, key);

	return value ? strtol(value, NULL, 10) : otherwise;
}

const char *params_text(const char *params, const char *key, char text[PARAMS_MAX])
{
	const char *value = find(params, key);

	if (!value)
		return NULL;
	snprintf(text, PARAMS_MAX, "%.*s", (int)span(value), value);
	return text;
}

/* Whether the key that stands at `at` comes before this one. */
static bool precedes(const char *at, const char *key)
{
	const size_t length = strcspn(at, "=");
	const int order = strncmp(at, key, length);

	return order < 0 || (!order && key[length]);
}

int params_put(char params[PARAMS_MAX], const char *key, const char *value)
{
	const char *at = params;
	char text[PARAMS_MAX];

	while (*at && precedes(at, key))
		at = next(at);
	const int before = (int)(at - params);
	/* Behind the last one there is no ';' yet. */
	const int length = snprintf(text, sizeof(text), "%.*s%s%s=%s%s%s", before, params,
		before && !*at ? ";" : "", key, value, *at ? ";" : "", at);

	if (length >= PARAMS_MAX)
		return -ENOSPC;
	memcpy(params, text, (size_t)length + 1);
	return 0;
}

static bool is_added(const char *at)
{
	return is_key(at, "awake") || is_key(at, "per_cpu") || is_key(at, "dose_pct");
}

bool params_are(const char *params, const char *set)
{
	for (; *params; params = next(params)) {
		if (is_added(params))
			continue;
		if (!*set || span(params) != span(set) || strncmp(params, set, span(set)) != 0)
			return false;
		set = next(set);
	}
	return !*set;
}
