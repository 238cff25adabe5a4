#pragma once

#include <string>
#include <vector>

#include "maskbench/pipeline/experiment.h"
#include "maskbench/pipeline/figure.h"

namespace maskbench::consistency {

/// What the paper on the digital mask says of consistency (Yang et al., Nat Med 28:1883, 2022), row
/// by row beside this run's figures of one variant: published value, how it is known, every
/// reader's figure with its interval, and why the two may differ. Values that were not published or
/// not recovered stand there as such.
ReportGrid PublishedComparison(const std::vector<Figure>& figures, const std::string& variant,
                               const std::vector<std::string>& readers);

}  // namespace maskbench::consistency
