#include "maskbench/core/npy.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <string_view>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "maskbench/core/error.h"

namespace maskbench {
namespace {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "arrays are read as they lie in the file");

constexpr std::string_view kMagic("\x93NUMPY", 6);
// Real headers take some hundred bytes; a damaged length must not make us read the data as text.
constexpr size_t kMaxHeader = 1 << 20;

/// Reads the header's Python dictionary: quoted keys; text, True, False or a tuple of whole
/// numbers.
class HeaderReader {
 public:
  HeaderReader(std::string_view text, std::string file) : text_(text), file_(std::move(file)) {}

  void Read() {
    Expect('{');
    while (!Accept('}')) {
      const std::string key = Quoted();
      Expect(':');
      if (key == "descr" && !has_descr) {
        descr = Quoted();
        has_descr = true;
      } else if (key == "fortran_order" && !has_order) {
        fortran_order = Boolean();
        has_order = true;
      } else if (key == "shape" && !has_shape) {
        shape = Tuple();
        has_shape = true;
      } else {
        Fail(fmt::format("its header has the unknown or repeated key \"{}\"", key));
      }
      if (Accept(',')) continue;
      Expect('}');
      break;
    }
    SkipSpace();
    if (at_ != text_.size()) Fail("its header does not end where it should");
    if (!has_descr || !has_order || !has_shape) {
      Fail("its header lacks one of descr, fortran_order and shape");
    }
  }

  [[noreturn]] void Fail(const std::string& what) const {
    throw DataError(fmt::format("{} is not an array that can be read: {}.", file_, what));
  }

  std::string descr;
  bool fortran_order = false, has_descr = false, has_order = false, has_shape = false;
  std::vector<int64_t> shape;

 private:
  void SkipSpace() {
    while (at_ < text_.size() && std::strchr(" \t\r\n", text_[at_]) != nullptr) ++at_;
  }
  bool Accept(char wanted) {
    SkipSpace();
    if (at_ == text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }
  void Expect(char wanted) {
    if (!Accept(wanted))
      Fail(fmt::format("its header lacks a \"{}\" at character {}", wanted, at_));
  }
  std::string Quoted() {
    SkipSpace();
    const char quote = at_ < text_.size() ? text_[at_] : '\0';
    if (quote != '\'' && quote != '"') {
      Fail(fmt::format("its header lacks a quoted text at character {}", at_));
    }
    const size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) Fail("its header has a text without an end");
    std::string text(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return text;
  }
  bool Boolean() {
    SkipSpace();
    for (const bool value : {true, false}) {
      const std::string_view word = value ? "True" : "False";
      if (text_.substr(at_, word.size()) == word) {
        at_ += word.size();
        return value;
      }
    }
    Fail("fortran_order in its header is neither True nor False");
  }
  std::vector<int64_t> Tuple() {
    std::vector<int64_t> values;
    Expect('(');
    while (!Accept(')')) {
      SkipSpace();
      const size_t begin = at_;
      int64_t value = 0;
      for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
        if (value > (std::numeric_limits<int64_t>::max() - 9) / 10) {
          Fail("its shape has a number that is too large");
        }
        value = 10 * value + (text_[at_] - '0');
      }
      if (at_ == begin) Fail("its shape is no tuple of whole numbers");
      values.push_back(value);
      if (Accept(',')) continue;
      Expect(')');
      break;
    }
    return values;
  }

  std::string_view text_;
  std::string file_;
  size_t at_ = 0;
};

template <class T>
std::string Bytes(const std::vector<int64_t>& shape, const std::vector<T>& values,
                  const char* descr) {
  std::string axes;
  int64_t count = 1;
  for (const int64_t length : shape) {
    axes += fmt::format("{}{}", axes.empty() ? "" : ", ", length);
    count *= length;
  }
  if (count != static_cast<int64_t>(values.size())) {
    throw Error(fmt::format("an array of shape ({}) cannot hold {} numbers.", axes, values.size()));
  }
  if (shape.size() == 1) axes += ",";
  std::string header =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", descr, axes);
  while ((10 + header.size() + 1) % 64 != 0) header += ' ';
  header += '\n';
  std::string bytes(kMagic);
  bytes += std::string("\x01\x00", 2);
  bytes += static_cast<char>(header.size() & 0xFF);
  bytes += static_cast<char>(header.size() >> 8);
  bytes += header;
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
  return bytes;
}

}  // namespace

NpyFile::NpyFile(const std::filesystem::path& file) : file_(file) {
  const auto fail = [&](const std::string& what) {
    throw DataError(fmt::format("{} is not an array that can be read: {}.", file.string(), what));
  };
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    throw DataError(fmt::format("{} cannot be read: {}.", file.string(), std::strerror(errno)));
  }
  struct stat facts {};
  const bool is_file = fstat(descriptor, &facts) == 0 && S_ISREG(facts.st_mode);
  const auto size = static_cast<size_t>(facts.st_size);
  void* const mapped =
      is_file && size > 0 ? mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0) : MAP_FAILED;
  ::close(descriptor);
  if (!is_file) fail("it is no file");
  if (size == 0) fail("it is empty");
  if (mapped == MAP_FAILED) fail("it cannot be mapped into memory");
  mapped_ = static_cast<const char*>(mapped);
  mapped_size_ = size;
  try {
    if (size < 10 || std::string_view(mapped_, kMagic.size()) != kMagic) {
      fail("it does not begin like a .npy file");
    }
    const int version = static_cast<unsigned char>(mapped_[6]);
    if (version < 1 || version > 3) fail(fmt::format("its version {} is not known", version));
    const size_t length_bytes = version == 1 ? 2 : 4;
    const size_t begin = 8 + length_bytes;
    if (size < begin) fail("it ends inside of its header");
    size_t length = 0;
    for (size_t i = 0; i < length_bytes; ++i) {
      length |= static_cast<size_t>(static_cast<unsigned char>(mapped_[8 + i])) << (8 * i);
    }
    if (length > kMaxHeader || length > size - begin) fail("it ends inside of its header");
    HeaderReader header(std::string_view(mapped_ + begin, length), file.string());
    header.Read();
    if (header.descr != "<f4" && header.descr != "<f8") {
      fail(fmt::format("its numbers are \"{}\"; \"<f4\" and \"<f8\" are known", header.descr));
    }
    if (header.fortran_order) fail("it is in Fortran order; C order is known");
    is_float64_ = header.descr == "<f8";
    shape_ = header.shape;
    const size_t width = is_float64_ ? sizeof(double) : sizeof(float);
    const size_t available = (size - begin - length) / width;
    // Multiplied one axis at a time, so that no shape overflows.
    size_t count = std::count(shape_.begin(), shape_.end(), 0) > 0 ? 0 : 1;
    bool too_many = false;
    for (const int64_t axis : shape_) {
      if (count == 0 || too_many) break;
      too_many = count > available / static_cast<size_t>(axis);
      count *= too_many ? 1 : static_cast<size_t>(axis);
    }
    if (too_many || begin + length + count * width != size) {
      fail(fmt::format("its header says another number of values than its {} bytes hold", size));
    }
    data_ = mapped_ + begin + length;
  } catch (...) {
    munmap(mapped, size);
    throw;
  }
}

NpyFile::~NpyFile() { munmap(const_cast<char*>(mapped_), mapped_size_); }

int64_t NpyFile::rows() const {
  CheckRows(0, 0);
  return shape_[0];
}

int64_t NpyFile::columns() const {
  CheckRows(0, 0);
  return shape_[1];
}

void NpyFile::CheckRows(int64_t first, int64_t count) const {
  if (shape_.size() != 2) {
    throw DataError(fmt::format("{} has {} axes; a table of rows and columns was expected.",
                                file_.string(), shape_.size()));
  }
  if (first < 0 || count < 0 || first > shape_[0] - count) {
    throw Error(fmt::format("{} has {} rows; rows {} to {} were asked for.", file_.string(),
                            shape_[0], first, first + count - 1));
  }
}

const float* NpyFile::Rows(int64_t first, int64_t count, std::vector<float>* scratch) const {
  CheckRows(first, count);
  const size_t wanted = static_cast<size_t>(count) * static_cast<size_t>(shape_[1]);
  const size_t skipped = static_cast<size_t>(first) * static_cast<size_t>(shape_[1]);
  if (!is_float64_) {
    const char* const begin = data_ + skipped * sizeof(float);
    // Old writers align headers to 16 bytes only, others not at all.
    if (reinterpret_cast<std::uintptr_t>(begin) % alignof(float) == 0) {
      return reinterpret_cast<const float*>(begin);
    }
    scratch->resize(wanted);
    if (wanted > 0) std::memcpy(scratch->data(), begin, wanted * sizeof(float));
    return scratch->data();
  }
  scratch->resize(wanted);
  for (size_t i = 0; i < wanted; ++i) {
    double value = 0;
    std::memcpy(&value, data_ + (skipped + i) * sizeof(double), sizeof(double));
    (*scratch)[i] = static_cast<float>(value);
  }
  return scratch->data();
}

std::vector<double> NpyFile::RowsAsDouble(int64_t first, int64_t count) const {
  CheckRows(first, count);
  const size_t wanted = static_cast<size_t>(count) * static_cast<size_t>(shape_[1]);
  const size_t skipped = static_cast<size_t>(first) * static_cast<size_t>(shape_[1]);
  std::vector<double> values(wanted);
  if (is_float64_) {
    if (wanted > 0) {
      std::memcpy(values.data(), data_ + skipped * sizeof(double), wanted * sizeof(double));
    }
    return values;
  }
  std::vector<float> scratch;
  const float* const floats = Rows(first, count, &scratch);
  std::copy(floats, floats + wanted, values.begin());
  return values;
}

std::string NpyBytes(const std::vector<int64_t>& shape, const std::vector<float>& values) {
  return Bytes(shape, values, "<f4");
}

std::string NpyBytes(const std::vector<int64_t>& shape, const std::vector<double>& values) {
  return Bytes(shape, values, "<f8");
}

}  // namespace maskbench
