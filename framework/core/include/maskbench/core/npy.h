#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace maskbench {

/// A NumPy array file (.npy) of float32 or float64, mapped into memory: opening a large file reads
/// its header alone. Format: NumPy Enhancement Proposal 1 and its versions 1.0, 2.0 and 3.0.
///
/// Safe to read from several threads. The file must not shrink while it is open.
class NpyFile {
 public:
  /// Throws DataError with one sentence that names the file when it is no such array: another kind
  /// of number, Fortran order, big endian, a damaged header, another size than the header says.
  explicit NpyFile(const std::filesystem::path& file);
  ~NpyFile();
  NpyFile(const NpyFile&) = delete;
  NpyFile& operator=(const NpyFile&) = delete;

  const std::filesystem::path& file() const { return file_; }
  const std::vector<int64_t>& shape() const { return shape_; }
  bool is_float64() const { return is_float64_; }

  /// Length of the first axis. @throws DataError unless the array has two axes.
  int64_t rows() const;
  int64_t columns() const;

  /// Rows `first` … `first + count − 1` of an array with two axes, row-major, as float. Points into
  /// the file where that holds floats, and into `scratch`, which is then overwritten, elsewhere.
  const float* Rows(int64_t first, int64_t count, std::vector<float>* scratch) const;
  /// The same numbers without rounding.
  std::vector<double> RowsAsDouble(int64_t first, int64_t count) const;

 private:
  void CheckRows(int64_t first, int64_t count) const;

  std::filesystem::path file_;
  std::vector<int64_t> shape_;
  bool is_float64_ = false;
  const char* mapped_ = nullptr;
  size_t mapped_size_ = 0;
  const char* data_ = nullptr;
};

/// The bytes of a .npy file, version 1.0, C order, little endian. `values` holds as many numbers as
/// the shape says. Throws Error otherwise.
std::string NpyBytes(const std::vector<int64_t>& shape, const std::vector<float>& values);
std::string NpyBytes(const std::vector<int64_t>& shape, const std::vector<double>& values);

}  // namespace maskbench
