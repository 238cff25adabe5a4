#pragma once

#include <vector>

#include "maskbench/pipeline/figure.h"

#include "experiments/reidentification/attacker.h"

namespace maskbench {

/// Whether a mask keeps the mood that the network of the observer `emotion` sees: figures of
/// attribute=mood. Nobody states what people felt, so the label of a recording is what the network
/// calls it under the variant of the gallery (the original), and the answer what it calls it under
/// the plan's variant; nothing is learned. Under the gallery's own variant label and answer come
/// from every other frame that was looked at: how far the network agrees with itself.
///
/// Recordings without a label are left out. One without an answer is called what most recordings
/// are, with scores that say nothing. Areas are given of moods that at least kLeastPerClass people
/// have and as many have not.
/// @param input  of descriptors of DescriptorKind::kMood. @param head  says of which attack.
void AddMood(const AttackInput& input, const Figure& head, std::vector<Figure>* figures);

}  // namespace maskbench
