#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "maskbench/core/rng.h"
#include "maskbench/render/actor.h"

#include "datasets/virtual_clinic/subject.h"
#include "experiments/training/eye_network/crop_stage.h"

namespace maskbench::training {

double Between(NamedRandom* random, double low, double high);
/// Evenly on a logarithmic scale.
double BetweenLog(NamedRandom* random, double low, double high);
/// Normal, cut off at 2.5 standard deviations.
double Near(NamedRandom* random, double mean, double sigma);
bool Chance(NamedRandom* random, double probability);

/// Whom the crops of a number show. Names, and with them all random numbers, differ from those of
/// the virtual clinic, so that no subject is one of evaluation even for the same seed; no picture
/// of the asset package goes into the skin. Head model, expression units, hair and pigment models
/// are shared with evaluation.
virtual_clinic::Subject DrawTrainingSubject(const ParametricHead& head, std::uint64_t seed,
                                            int index);
/// The same number's person with no more variety than the people of the virtual clinic have. The
/// eyes' sizes stay for all frames.
virtual_clinic::Subject DrawPlainSubject(const ParametricHead& head, std::uint64_t seed, int index);
/// Corner distance that fits a subject's irises in the mean, by Side, mm.
std::array<double, 2> UsualFissureMm(const virtual_clinic::Subject& subject);
/// "train eyes 00042".
std::string TrainingSubjectId(int index);

/// A subject's eyes as they are for a few frames: sizes, colours, lids and lashes are drawn anew,
/// more widely than in people, since the network must not learn what is usual.
/// @param fissure_mm  by Side, corner distance that fits these irises.
void DrawLook(NamedRandom* random, virtual_clinic::Subject* subject,
              std::array<double, 2>* fissure_mm);

}  // namespace maskbench::training
