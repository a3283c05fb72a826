#include "bench/load/report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <thread>

#include <boost/json.hpp>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include "bench/load/child.h"
#include "node/base/check.h"

namespace idnode::bench {
namespace {

std::string CpuModel() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("model name")) {
      return line.substr(std::min(line.find(':') + 2, line.size()));
    }
  }
  return "unknown CPU";
}

/// Commit of the sources beside the program; empty where there is no git or no repository.
std::string Commit() {
  auto git =
      Child::Start({{"/usr/bin/git", "-C", ProgramDir(), "rev-parse", "--short", "HEAD"}, {}, {}});
  if (!git.ok()) return {};
  auto line = (*git)->ReadLine(std::chrono::seconds(5));
  return line.ok() && (*git)->Wait(std::chrono::seconds(5)).ok() ? *line : std::string();
}

std::string OrDash(const std::optional<double>& number) {
  return number.has_value() ? FormatNumber(*number) : "-";
}

void AppendCell(std::string& line, const std::string& text, std::size_t width, bool left) {
  const std::string space(text.size() < width ? width - text.size() : 0, ' ');
  line += left ? text + space : space + text;
  line += "  ";
}

}  // namespace

std::optional<double> Figure::ratio() const {
  if (!baseline.has_value() || *baseline == 0) return std::nullopt;
  return value / *baseline;
}

std::string_view Figure::Met() const {
  const std::optional<double> reached = goal_of_ratio ? ratio() : std::optional<double>(value);
  if (!reached.has_value() || (!floor.has_value() && !aim.has_value())) return "";
  const auto meets = [&](const std::optional<double>& goal) {
    return goal.has_value() && (lower_is_better ? *reached <= *goal : *reached >= *goal);
  };
  if (meets(aim)) return "aim";
  return meets(floor) ? "floor" : "no";
}

double Median(std::vector<double> values) {
  IDNODE_CHECK(!values.empty());
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::string FormatNumber(double number) {
  const double size = std::fabs(number);
  int decimals = 0;
  if (size > 0 && size < 1000 && number != std::floor(number)) {
    decimals = std::clamp(3 - static_cast<int>(std::floor(std::log10(size))), 0, 9);
  }
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, number);
  return text;
}

std::string FiguresJson(const std::vector<Figure>& figures) {
  std::string json = "[";
  for (const Figure& figure : figures) {
    const auto number = [](const std::optional<double>& value) {
      return value.has_value() && std::isfinite(*value) ? FormatNumber(*value) : "null";
    };
    json += json.size() == 1 ? "\n" : ",\n";
    json += "  {\"name\": " + boost::json::serialize(figure.name) +
            ", \"value\": " + number(figure.value) +
            ", \"unit\": " + boost::json::serialize(figure.unit) +
            ", \"baseline\": " + number(figure.baseline) +
            ", \"ratio\": " + number(figure.ratio()) + "}";
  }
  return json + "\n]\n";
}

std::string FiguresTable(const std::vector<Figure>& figures) {
  std::vector<std::vector<std::string>> rows = {
      {"name", "value", "unit", "baseline", "ratio", "floor", "aim", "met"}};
  for (const Figure& figure : figures) {
    rows.push_back({figure.name, FormatNumber(figure.value), figure.unit, OrDash(figure.baseline),
                    OrDash(figure.ratio()), OrDash(figure.floor), OrDash(figure.aim),
                    std::string(figure.Met())});
  }
  std::vector<std::size_t> widths(rows[0].size(), 0);
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string table;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      AppendCell(line, row[i], widths[i], i == 0 || i == 2 || i == 7);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    table += line + "\n";
  }
  return table;
}

std::string MachineLine(const std::string& data_dir) {
  utsname system{};
  uname(&system);
  struct sysinfo memory {};
  sysinfo(&memory);
  const double gib =
      static_cast<double>(memory.totalram) * memory.mem_unit / (1024.0 * 1024 * 1024);
  const std::string commit = Commit();
  return CpuModel() + ", " + std::to_string(std::thread::hardware_concurrency()) + " cores, " +
         FormatNumber(std::round(gib)) + " GiB, " + system.sysname + " " + system.release + ", " +
         FileSystemOf(data_dir) + (commit.empty() ? "" : ", commit " + commit);
}

std::string FileSystemOf(const std::string& dir) {
  std::ifstream mounts("/proc/self/mounts");
  // The longest mount point that the directory lies under.
  std::string best_point;
  std::string best_type = "unknown file system";
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream fields(line);
    std::string device;
    std::string point;
    std::string type;
    fields >> device >> point >> type;
    const bool under = dir.starts_with(point) &&
                       (point == "/" || dir.size() == point.size() || dir[point.size()] == '/');
    if (under && point.size() >= best_point.size()) {
      best_point = point;
      best_type = type;
    }
  }
  return best_type;
}

Result<void> WriteFile(const std::string& path, std::string_view text) {
  std::ofstream file(path, std::ios::trunc);
  file << text;
  file.close();
  if (!file) return Error(Errc::kUnavailable, "cannot write " + path);
  return {};
}

}  // namespace idnode::bench
