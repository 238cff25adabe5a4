#include "check_list.h"

#include <cstdio>

#include <fmt/format.h>

namespace maskbench {

void CheckList::Print(const char* outcome, const std::string& what, const std::string& sentence) {
  fmt::print("  {:<8} {:<22} {}\n", outcome, what, sentence);
  std::fflush(stdout);  // The next check may take a while, or end the program.
}

}  // namespace maskbench
