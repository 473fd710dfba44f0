/* list.h - `baton list`: the catalogue */
#ifndef BATON_LIST_H
#define BATON_LIST_H

#include <stdbool.h>
#include <stdio.h>

/* A line per mechanism with its workloads and its sentence; csv: a row per workload and params,
 * family,mechanism,workload,params,set,about; set is the smallest --set that has the row. Returns 0
 * or -EIO. */
int list_print(FILE *out, bool csv);

#endif
