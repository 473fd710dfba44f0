/* context.h - what is known about the machine, the build and the run */
#ifndef BATON_CONTEXT_H
#define BATON_CONTEXT_H

#include "results.h"

#include <stddef.h>

/* The CPU's name as the kernel gives it, or "unknown CPU"; returns text. */
const char *context_cpu_model(char *text, size_t size);

/* Writes the facts about the machine and the build, each with its state. */
void context_write(struct results *results);

#endif
