/* sample.c - how a window without a value ends */
#include "sample.h"

#include <stdio.h>

void sample_end(struct sample *sample, enum status status, const char *id, const char *reason)
{
	sample->status = status;
	sample->value = NAN;
	snprintf(sample->id, sizeof(sample->id), "%s", id);
	snprintf(sample->reason, sizeof(sample->reason), "%s", reason);
}
