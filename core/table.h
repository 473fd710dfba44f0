/* table.h - a summary for people, and as CSV */
#ifndef BATON_TABLE_H
#define BATON_TABLE_H

#include "summary.h"

#include <stdio.h>

/*
 * Warnings first; then for each family and place a table with a row per cell: the median over the
 * invocations with its 95 % interval, the quick end, the ratio to the base, switches, the share
 * that slept and CPU time per operation, and what to know before trusting the row; then the
 * percentiles of single hand-offs where they were stamped, what did not run and why, and what the
 * spike-in proves. Or one CSV line per cell. 0 or -EIO.
 */
int table_print(const struct summary *summary, FILE *out, bool csv);

/* The warnings alone, each a line; they say what spoilt the run as a whole. */
void table_warn(const struct summary *summary, FILE *out);

/* 3.0 % put in, 2.9 ± 0.6 % seen; a line after the prefix, or nothing where there was no spike-in.
 */
void table_spike(const struct summary *summary, const char *prefix, FILE *out);

/* What did not run, or not all the time, and why: a line each, after the prefix. */
void table_missing(const struct summary *summary, const char *prefix, FILE *out);

/* The cells of a table: family and place in a word, and what tells a row from the others in it. */
void table_section(const struct cell *cell, char name[CELL_NAME]);
const char *table_row(const struct cell *cell, char name[CELL_NAME]);

#endif
