/* setting.c - the words of an A/B comparison's side */
#include "setting.h"

#include "die.h"

#include <ctype.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *name;
	int policy;
} policies[] = {{"other", SCHED_OTHER}, {"batch", SCHED_BATCH}, {"fifo", SCHED_FIFO}};

enum { POLICIES = sizeof(policies) / sizeof(policies[0]) };

int setting_policy(const char *word)
{
	for (size_t i = 0; i < POLICIES; i++)
		if (!strcmp(word, policies[i].name))
			return policies[i].policy;
	return -1;
}

const char *setting_policy_name(int policy)
{
	for (size_t i = 0; i < POLICIES; i++)
		if (policies[i].policy == policy)
			return policies[i].name;
	return "other";
}

/* NAME=, as POSIX has it: letters, digits and underscores, no digit first. */
static bool assigns(const char *word)
{
	const char *at = word;

	while (isalnum((unsigned char)*at) || *at == '_')
		at++;
	return at > word && *at == '=' && !isdigit((unsigned char)word[0]);
}

/* What stands behind `key`, or NULL if the word is another one. */
static const char *value_of(const char *word, const char *key)
{
	const size_t length = strlen(key);

	return strncmp(word, key, length) ? NULL : word + length;
}

static void parse_word(struct setting *setting, const char *side, const char *word)
{
	const char *value;

	if (assigns(word))
		return;
	if ((value = value_of(word, "--binary=")) && *value) {
		if (access(value, X_OK))
			die(EXIT_USAGE, "%s: --binary=%s is no program that can be started", side,
				value);
		setting->binary = value;
	} else if ((value = value_of(word, "--before=")) && *value) {
		setting->before = value;
	} else if ((value = value_of(word, "--sched=")) && *value) {
		setting->policy = setting_policy(value);
		if (setting->policy < 0)
			die(EXIT_USAGE, "%s: --sched=%s: valid are other, batch and fifo", side,
				value);
	} else {
		die(EXIT_USAGE,
			"%s: '%s' is no setting; valid are NAME=VALUE, --binary=PATH, "
			"--sched=POLICY and --before=COMMAND",
			side, word);
	}
}

void setting_parse(struct setting *setting, const char *side, char *const *word, int words)
{
	*setting = (struct setting){.word = word, .words = words, .policy = -1};
	for (int i = 0; i < words; i++)
		parse_word(setting, side, word[i]);
}

const char *setting_text(const struct setting *setting, char text[SETTING_TEXT])
{
	size_t length = 0;

	snprintf(text, SETTING_TEXT, "as it is");
	for (int i = 0; i < setting->words && length < SETTING_TEXT; i++) {
		const char *word = setting->word[i];
		const char *quote = strpbrk(word, " \t;&|<>$\"*") ? "'" : "";

		length += (size_t)snprintf(text + length, SETTING_TEXT - length, "%s%s%s%s",
			i ? " " : "", quote, word, quote);
	}
	return text;
}

bool setting_same(const struct setting *a, const struct setting *b)
{
	if (a->words != b->words)
		return false;
	for (int i = 0; i < a->words; i++)
		if (strcmp(a->word[i], b->word[i]) != 0)
			return false;
	return true;
}

void setting_enter(const struct setting *setting)
{
	for (int i = 0; i < setting->words; i++)
		if (assigns(setting->word[i]))
			putenv(setting->word[i]);
}
