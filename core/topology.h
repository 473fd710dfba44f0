/* topology.h - the machine as hwloc described it, for others to look at */
#ifndef BATON_TOPOLOGY_H
#define BATON_TOPOLOGY_H

#include "place.h"
#include "results.h"

#include <stdbool.h>

/* Takes out of hwloc's XML, in place, what names this one machine, its tenants or its serial
 * numbers: the info elements HostName, LinuxCgroup, ProcessName, and all that end in Serial, UUID,
 * AssetTag. */
void topology_scrub(char *xml);

/* Writes topology.xml into the run's folder. `baton places --topology` loads it and shows the
 * places that a process may use which no affinity mask narrows. 0, or -errno if hwloc gave none;
 * what goes wrong in writing is told by the next results_flush. */
int topology_save(struct results *results, const struct machine *machine);

#endif
