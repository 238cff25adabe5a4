#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "maskbench/core/error.h"

namespace maskbench {

/// Runs `action`, which must throw DataError with every one of `parts` in its message.
template <typename Action>
void ExpectDataError(Action action, const std::vector<std::string>& parts) {
  try {
    action();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const DataError& error) {
    const std::string message = error.what();
    EXPECT_EQ(message.find('\n'), std::string::npos) << "more than one line: " << message;
    for (const std::string& part : parts) {
      EXPECT_NE(message.find(part), std::string::npos) << "'" << part << "' is not in: " << message;
    }
  }
}

}  // namespace maskbench
