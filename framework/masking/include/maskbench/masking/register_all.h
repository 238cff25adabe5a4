#pragma once

#include "maskbench/core/registry.h"
#include "maskbench/masking/masker.h"

namespace maskbench {

/// Adds every masking method of this layer.
void RegisterMaskers(Registry<Masker>* registry);

}  // namespace maskbench
