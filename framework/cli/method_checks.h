#pragma once

#include <filesystem>

#include "maskbench/cli/command_line.h"
#include "maskbench/media/video_writer.h"
#include "maskbench/nn/network_library.h"
#include "maskbench/perception/face_tracker.h"
#include "maskbench/pipeline/manifest.h"

#include "check_list.h"
#include "made_samples.h"

namespace maskbench {

/// A method to be checked, and what a run would give it.
struct CheckedMethod {
  const Program& program;
  const ComponentChoice& choice;
  const NetworkLibrary& networks;
  DeliveryOptions delivery;
  FaceTrackerOptions perception;
  std::filesystem::path folder;  ///< For what comes out.
};

/// A masking method on made recordings.
void CheckMask(const CheckedMethod& method, SampleMaker* samples, CheckList* list);

/// An observer on made recordings: what holds for all, and what a recogniser or a reader promises.
void CheckObserver(const CheckedMethod& method, SampleMaker* samples, CheckList* list);

/// Videos that were masked elsewhere, against the recordings of a data set.
/// @param folder  of the videos. @param root  of the recordings' files.
void CheckPremade(const std::filesystem::path& folder, const Dataset& dataset,
                  const std::string& split, const std::filesystem::path& root, CheckList* list);

}  // namespace maskbench
