/* opening.c - where a run goes, and what is written of it as it starts */
#include "opening.h"

#include "context.h"
#include "resolution.h"

#include <ctype.h>
#include <libgen.h>
#include <stdio.h>

/* Letters, digits and dashes. */
static void name_label(const struct options *options, char label[64])
{
	char model[128];
	size_t length = 0;

	for (const char *at = options->label ? options->label
					     : context_cpu_model(model, sizeof(model));
		*at && length < 63; at++) {
		if (isalnum((unsigned char)*at) || *at == '.' || *at == '_')
			label[length++] = (char)tolower((unsigned char)*at);
		else if (length && label[length - 1] != '-')
			label[length++] = '-';
	}
	while (length && label[length - 1] == '-')
		length--;
	label[length] = '\0';
}

void opening_folder(const struct opening *opening, const char *below, char folder[RECORDING_FOLDER])
{
	const struct options *options = opening->options;
	char label[64];

	name_label(options, label);
	if (options->out)
		snprintf(folder, RECORDING_FOLDER, "%s%s", options->out, below);
	else
		snprintf(folder, RECORDING_FOLDER, "results/%s-%s%s", opening->stamp, label, below);
}

static void write_command(const struct opening *opening, struct recording *recording)
{
	char text[4096] = "";
	size_t length = 0;

	for (int i = 0; i < opening->argc && length < sizeof(text); i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%s",
			i ? " " : "", i ? opening->argv[i] : "baton");
	recording_fact(recording, "command", text);
}

/* What is known beside the run's folder; that of a side or of a pilot lies in it. */
static void write_floor(const struct opening *opening, struct recording *recording)
{
	char folder[RECORDING_FOLDER], text[32];
	struct resolution found;

	opening_folder(opening, "", folder);
	if (resolution_read(&found, dirname(folder)))
		return;
	snprintf(text, sizeof(text), "%.4g", found.half_width);
	results_fact(recording->results, "machine", "aa_floor", text, "ok");
	results_fact(recording->results, "machine", "aa_utc", found.utc, "ok");
}

static void write_start(const struct opening *opening, struct recording *recording)
{
	const struct selection *selection = &recording->selection;
	const struct options *options = recording->options;
	const struct cell *base = &selection->cell[selection->base];
	char text[32], name[CELL_NAME];
	const int policy =
		recording->setting->policy >= 0 ? recording->setting->policy : options->policy;

	context_write(recording->results, recording->machine, recording->setting->binary);
	write_floor(opening, recording);
	recording_fact(recording, "started_utc", results_utc(clock_utc_ns(), text));
	snprintf(text, sizeof(text), "%llu", (unsigned long long)options->seed);
	recording_fact(recording, "seed", text);
	recording_number(recording, "invocations", recording->extent.invocations);
	recording_number(recording, "rounds", recording->extent.rounds);
	recording_number(recording, "window_ns", (double)base->window_ns);
	recording_number(recording, "lead_in_ns", (double)recording->extent.lead_in_ns);
	recording_number(recording, "clock_step_ns", (double)clock_step_ns());
	recording_fact(recording, "sched", setting_policy_name(policy));
	recording_fact(recording, "base", cell_name(base, name));
	if (selection->pair)
		recording_fact(recording, "pair", options->pair);
	write_command(opening, recording);
}

static void write_side(const struct opening *opening, struct recording *recording, int side)
{
	char text[SETTING_TEXT];

	if (opening->options->sides == 1)
		return;
	snprintf(text, sizeof(text), "%s-%08llx", opening->stamp,
		(unsigned long long)(opening->options->seed & 0xffffffff));
	recording_fact(recording, "ab_id", text);
	recording_fact(recording, "ab_side", side ? "B" : "A");
	recording_fact(recording, "ab_setting", setting_text(recording->setting, text));
}

void opening_begin(
	const struct opening *opening, struct recording *recording, int side, const char *below)
{
	char run_id[96];

	opening_folder(opening, below, recording->folder);
	snprintf(run_id, sizeof(run_id), "%s-%08llx%s", opening->stamp,
		(unsigned long long)(opening->options->seed & 0xffffffff), *below ? below + 1 : "");
	recording_open(recording, run_id);
	write_start(opening, recording);
	write_side(opening, recording, side);
}
