#pragma once

#include "maskbench/core/registry.h"
#include "maskbench/perception/observer.h"

namespace maskbench {

/// Adds every recogniser of this layer.
void RegisterRecognisers(Registry<Observer>* registry);

}  // namespace maskbench
