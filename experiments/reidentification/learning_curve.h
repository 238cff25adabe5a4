#pragma once

#include <vector>

#include "maskbench/pipeline/figure.h"

#include "experiments/reidentification/attacker.h"

namespace maskbench {

/// How well an attacker finds people who learned from fewer others: figures `learning_curve_auc`,
/// one for each of 25, 50, 100, 200, 400 … people that there are more of to learn from. The first
/// people in the drawn order teach, so that those of a small number are among those of a larger
/// one. @param head  says of which attack.
void AddLearningCurve(const AttackInput& input, const Figure& head, std::vector<Figure>* figures);

}  // namespace maskbench
