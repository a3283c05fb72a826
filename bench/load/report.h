#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/result.h"

namespace idnode::bench {

/// One measured figure.
struct Figure {
  std::string name;  ///< "register/stream/batch-1000/sequential/16-prefixes"
  double value = 0;
  std::string unit;                ///< "registrations/s", "ms", "bytes"
  std::optional<double> baseline;  ///< in the same unit, from the same run
  /// What the project set out to reach (design §11), for the table: of `ratio` where there is a
  /// baseline and `goal_of_ratio`, else of `value`.
  std::optional<double> floor;
  std::optional<double> aim;
  bool goal_of_ratio = false;
  bool lower_is_better = false;

  std::optional<double> ratio() const;
  /// "aim", "floor", "no", or "" where nothing was set.
  std::string_view Met() const;
};

/// Middle of the values; mean of the two middle ones where their number is even. At least one.
double Median(std::vector<double> values);

/// 1'234'567 as "1234567", 0.0123 as "0.0123": four significant digits, never an exponent.
std::string FormatNumber(double number);

/// An array of {"name","value","unit","baseline","ratio"}; null where there is no baseline.
std::string FiguresJson(const std::vector<Figure>& figures);
/// The table for people.
std::string FiguresTable(const std::vector<Figure>& figures);

/// "AMD EPYC, 2 cores, 23 GiB, Linux 6.1, ext4, commit 1a2b3c": what the figures are worth.
std::string MachineLine(const std::string& data_dir);

/// Type of the file system that `dir` lies on, such as "ext4".
std::string FileSystemOf(const std::string& dir);

/// Writes a whole file. Errors: kUnavailable.
Result<void> WriteFile(const std::string& path, std::string_view text);

}  // namespace idnode::bench
