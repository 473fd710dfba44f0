/* setting.h - what one side of an A/B comparison is run with */
#ifndef BATON_SETTING_H
#define BATON_SETTING_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A setting is written as env(1) takes it: NAME=VALUE words for the environment, and besides
 *	--binary=PATH     another baton, built from the same plan (plan.h)
 *	--sched=POLICY    other, batch or fifo
 *	--before=COMMAND  for sh, before each of this side's invocations: a knob in /sys, say
 * Without a word it is the setting that the program itself runs under. The words are not copied.
 */
struct setting {
	char *const *word;
	int words;
	const char *binary; /* NULL: this program */
	const char *before; /* NULL: none */
	int policy;         /* SCHED_…; -1: the run's */
};

enum { SETTING_TEXT = 1024 };

/* Parses the words of `side` ("A" or "B"); a fault ends the program with EXIT_USAGE. */
void setting_parse(struct setting *setting, const char *side, char *const *word, int words);

/* The words in one line, those that a shell would split in quotes; "as it is" for none. Cut to
 * fit. Returns text. */
const char *setting_text(const struct setting *setting, char text[SETTING_TEXT]);

/* Whether the two are the same, word by word: an A/A comparison. */
bool setting_same(const struct setting *a, const struct setting *b);

/* Puts the NAME=VALUE words into the calling process's environment. */
void setting_enter(const struct setting *setting);

/* other, batch or fifo as SCHED_…, or -1. sched(7). */
int setting_policy(const char *word);

/* The word for one of these. */
const char *setting_policy_name(int policy);

#endif
