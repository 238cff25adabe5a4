#pragma once

#include <filesystem>
#include <memory>

#include "maskbench/head/head_model.h"

namespace maskbench {

/// The canonical face of MediaPipe Face Mesh as a head model, "canonical468/1": 468 vertices of the
/// face alone, which are the points of the mesh. Its identities are smooth random deformations (the
/// lowest harmonics of the surface), its expressions are made by rules; neither was learnt from
/// people. Throws DataError that names the file.
std::unique_ptr<HeadModel> LoadCanonicalHeadModel(const std::filesystem::path& file);

}  // namespace maskbench
