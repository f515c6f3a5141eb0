/* The forecast's inner loops for what every machine has. */
#include "server/insight/schedule/forecast_lanes.h"

const struct forecast_kernel forecast_plain = KERNEL;
