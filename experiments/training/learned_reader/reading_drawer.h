#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "maskbench/nn/network_library.h"

#include "datasets/virtual_clinic/studio.h"
#include "experiments/training/learned_reader/reading_patients.h"
#include "experiments/training/learned_reader/reading_shard.h"

namespace maskbench::training {

/// Widths of pictures that test recordings are read at; smaller ones are the same pictures resized.
inline constexpr int kTestWidths[] = {640, 432, 288};

/// Files of a patient's shards; test patients have one for each of kTestWidths, others one.
std::vector<std::filesystem::path> ReadingFiles(const std::filesystem::path& folder, ReadingUse use,
                                                int index);

/// Draws patients 0 … count − 1 of a kind, finds their faces as a delivered recording's would be
/// (`blazeface_front`, `facemesh`), and keeps crops and truth. Files that are there stay; bytes do
/// not depend on `threads`. @param second_share  see PlanOf. @param progress  called from one
/// thread at a time.
void MakeReadings(const virtual_clinic::Studio& studio, const NetworkLibrary& networks,
                  ReadingUse use, std::uint64_t seed, int count, double second_share,
                  const std::filesystem::path& folder, int threads,
                  const std::function<void(int done, int total)>& progress);

}  // namespace maskbench::training
