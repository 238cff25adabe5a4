#pragma once

#include "maskbench/pipeline/components.h"

namespace maskbench {

void RegisterMeanColour(Registry<Masker>* registry);
void RegisterGreyThumbnail(Registry<Observer>* registry);
void RegisterNarrowLids(Registry<Observer>* registry);
void RegisterDimRoom(DatasetMakers* makers);

}  // namespace maskbench
