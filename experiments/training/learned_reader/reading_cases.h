#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "maskbench/core/rng.h"
#include "maskbench/core/side.h"
#include "maskbench/nn/learned_reader.h"
#include "maskbench/nn/network.h"

#include "experiments/training/learned_reader/reading_shard.h"

namespace maskbench::training {

/// What is true of one eye of a patient, as the time network is to say it; −1 where it does not
/// apply.
struct EyeLabels {
  std::array<bool, kReaderConditions> present{};
  int ptosis_grade = -1;                          ///< 0 mild, 1 moderate, 2 severe.
  int orbitopathy_grade = -1;                     ///< 0 mild, 1 moderate to severe.
  int strabismus_kind = -1, nystagmus_kind = -1;  ///< In the order of ReaderTimeValue.
};

/// The names of kinds in manifests, as this eye has them: what jerks to the nose in a right eye
/// jerks to the patient's left.
const std::string& StrabismusKindName(int kind);
std::string NystagmusKindName(int kind, Side side);

/// @param labels  of one eye, as PatientTruth has them. Throws DataError for unknown words.
EyeLabels LabelsOf(const Json& labels, Side side);

/// One recording for the time network.
struct ReaderCase {
  std::string patient, condition, sex, ancestry;
  int width_px = 0;
  bool borderline = false;
  std::array<EyeLabels, 2> labels;  ///< By Side.
  std::vector<ReaderStep> truth;
  std::vector<int> exam_steps;  ///< What the examiner did.
  /// What the frame network read, once or more often; empty without pictures.
  std::vector<std::vector<ReaderStep>> readings;
};

ReaderCase CaseOf(const ReadingShard& shard);

/// Reads a shard's pictures with the frame network (loaded for two eyes). @param random  null:
/// as they are; else all of the recording's pictures are changed alike, as another camera, codec or
/// material would.
std::vector<ReaderStep> ReadShard(const ReadingShard& shard, Network* frame_network,
                                  NamedRandom* random);

/// A reading as the frame network might have made it of an examination without pictures: what is
/// true, with the errors made on `donor` in the same steps of its examination (`reading` of it).
std::vector<ReaderStep> BorrowErrors(const ReaderCase& examination, const ReaderCase& donor,
                                     const std::vector<ReaderStep>& reading, NamedRandom* random);

/// Changes a reading for training: another speed, a part of it, errors of a person and of single
/// frames, frames without a face.
std::vector<ReaderStep> ChangeReading(const std::vector<ReaderStep>& reading, NamedRandom* random);

}  // namespace maskbench::training
