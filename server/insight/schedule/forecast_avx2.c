/* The forecast's inner loops for AVX2. */
#include "server/insight/schedule/forecast_lanes.h"

const struct forecast_kernel forecast_avx2 = KERNEL;
