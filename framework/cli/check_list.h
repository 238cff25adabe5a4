#pragma once

#include <string>

namespace maskbench {

/// What was checked and how it went: one line each on standard output, as soon as it is known.
class CheckList {
 public:
  void Good(const std::string& what, const std::string& sentence) { Print("ok", what, sentence); }
  /// Something to know that need not be wrong.
  void Note(const std::string& what, const std::string& sentence) {
    ++notes_;
    Print("note", what, sentence);
  }
  void Problem(const std::string& what, const std::string& sentence) {
    ++problems_;
    Print("PROBLEM", what, sentence);
  }
  int problems() const { return problems_; }
  int notes() const { return notes_; }

 private:
  static void Print(const char* outcome, const std::string& what, const std::string& sentence);

  int problems_ = 0, notes_ = 0;
};

}  // namespace maskbench
