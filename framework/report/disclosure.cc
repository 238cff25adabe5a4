#include "disclosure.h"

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "maskbench/pipeline/plan.h"

namespace maskbench {
namespace {

bool IsWordCharacter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

/// Replaces whole words only, so that the id "1" does not cut every number.
void ReplaceWords(const std::string& what, const std::string& by, std::string* text) {
  for (size_t at = 0; (at = text->find(what, at)) != std::string::npos;) {
    const size_t end = at + what.size();
    const bool starts = at == 0 || !IsWordCharacter((*text)[at - 1]) || !IsWordCharacter(what[0]);
    const bool ends =
        end == text->size() || !IsWordCharacter((*text)[end]) || !IsWordCharacter(what.back());
    if (!starts || !ends) {
      ++at;
      continue;
    }
    text->replace(at, what.size(), by);
    at += by.size();
  }
}

/// Cuts words with a slash or a backslash, which are paths.
std::string WithoutPaths(const std::string& text) {
  std::string result, word;
  const auto flush = [&] {
    const bool path = word.size() > 1 && word.find_first_of("/\\") != std::string::npos;
    result += path ? kWithheld : word;
    word.clear();
  };
  for (const char c : text) {
    if (c == ' ' || c == '\n' || c == '\t' || c == '"' || c == '\'' || c == '`') {
      flush();
      result += c;
    } else {
      word += c;
    }
  }
  flush();
  return result;
}

}  // namespace

Disclosure::Disclosure(const RunData& data)
    : closed_(!data.dataset().show_originals),
      traces_(data.dataset().show_originals || data.dataset().kind == "virtual") {
  if (!closed_) return;
  const Dataset& dataset = data.dataset();
  for (const Node& node : data.nodes()) anonymous_[node.recording] = node.anonymous_id;
  const auto add = [&](const std::string& secret, const std::string& by) {
    if (!secret.empty()) secrets_.emplace_back(secret, by);
  };
  for (const LabelledRecording& recording : dataset.recordings) {
    add(recording.path, kWithheld);
    const std::filesystem::path path = recording.path;
    add(path.filename().string(), kWithheld);
    add(path.stem().string(), kWithheld);
    add(recording.sha256, kWithheld);
    add(recording.session, kWithheld);
    add(recording.filmed, kWithheld);
    add(recording.frame_truth, kWithheld);
    add(recording.id, Label(recording.id));
    add(recording.subject, kWithheld);
  }
  for (const Subject& subject : dataset.subjects) {
    add(subject.id, kWithheld);
    add(subject.description, kWithheld);
  }
  for (const std::string* text : {&dataset.name, &dataset.title, &dataset.provenance,
                                  &dataset.licence, &dataset.notes, &dataset.root}) {
    if (*text != ".") add(*text, kWithheld);
  }
  std::sort(secrets_.begin(), secrets_.end(), [](const auto& a, const auto& b) {
    return a.first.size() != b.first.size() ? a.first.size() > b.first.size() : a < b;
  });
  secrets_.erase(std::unique(secrets_.begin(), secrets_.end()), secrets_.end());
}

bool IsUnmasked(const std::string& method) { return method == "original" || method == "reencoded"; }

std::string Disclosure::Label(const std::string& recording) const {
  if (!closed_) return recording;
  const auto found = anonymous_.find(recording);
  return found == anonymous_.end() || found->second.empty() ? kWithheld : found->second;
}

std::string Disclosure::Text(std::string text) const {
  if (!closed_) return text;
  for (const auto& [secret, by] : secrets_) ReplaceWords(secret, by, &text);
  return WithoutPaths(text);
}

Json Disclosure::Texts(Json value) const {
  if (!closed_) return value;
  if (value.is_string()) return Text(value.get<std::string>());
  if (value.is_structured()) {
    for (auto& item : value) item = Texts(item);
  }
  return value;
}

}  // namespace maskbench
