#pragma once

#include "maskbench/pipeline/network_trainer.h"

namespace maskbench {

/// Adds every network that the project trains itself.
void RegisterNetworkTrainers(NetworkTrainers* trainers);

}  // namespace maskbench
