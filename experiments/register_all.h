#pragma once

#include "maskbench/core/registry.h"
#include "maskbench/pipeline/experiment.h"

namespace maskbench {

/// Adds every experiment.
void RegisterExperiments(Registry<Experiment>* registry);

}  // namespace maskbench
