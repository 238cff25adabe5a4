#pragma once

#include "maskbench/core/registry.h"
#include "maskbench/perception/observer.h"

namespace maskbench {

/// Adds every clinical measure of this layer.
void RegisterClinicalObservers(Registry<Observer>* registry);

}  // namespace maskbench
