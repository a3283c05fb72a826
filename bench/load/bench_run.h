#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bench/load/child.h"
#include "bench/load/node_process.h"
#include "bench/load/register_client.h"
#include "bench/load/report.h"
#include "node/base/result.h"

namespace idnode::bench {

/// How much the scenarios do.
struct Sizes {
  int repeats = 3;                         ///< of short runs, interleaved with their baselines
  std::uint64_t rows_of_batch_1 = 20'000;  ///< registrations of a run at batch size 1
  std::uint64_t rows_of_batch_100 = 200'000;
  std::uint64_t rows_of_batch_1000 = 500'000;
  double raw_seconds_max = 3;  ///< of the raw RocksDB runs beside those
  std::uint64_t all_in_one_go = 15'000'000;
  std::vector<std::uint64_t> stored = {1'000'000, 10'000'000};
  std::chrono::milliseconds warm_up{1'000};
  std::chrono::milliseconds resolve_time{4'000};
  std::chrono::milliseconds latency_time{5'000};
  std::chrono::milliseconds settle_max{180'000};

  /// Small counts: all scenarios within a minute. Shows that they work, not how fast.
  static Sizes Quick();
};

/// "15m", "300k", "1234".
std::string CountName(std::uint64_t count);

/// What all scenarios of one run share: programs, directories, figures, and the node that holds a
/// data set which several of them read. Not thread-safe.
class BenchRun {
 public:
  struct Options {
    std::string program;       ///< this program, for the baselines
    std::string node_program;  ///< idnoded
    std::string work_dir;      ///< for data directories; removed by the caller
    Sizes sizes;
  };

  /// A node on a directory of its own.
  struct Node {
    std::unique_ptr<TempDir> dir;
    std::unique_ptr<NodeProcess> process;
    std::string data_dir() const { return dir->path() + "/data"; }
  };

  explicit BenchRun(Options options) : options_(std::move(options)) {}

  const Options& options() const { return options_; }
  const Sizes& sizes() const { return options_.sizes; }

  void Add(Figure figure);
  const std::vector<Figure>& figures() const { return figures_; }

  /// A directory that goes when the pointer goes. Errors: kUnavailable.
  Result<std::unique_ptr<TempDir>> NewDir() const;
  /// Starts a node on an empty store. Ends the stored node, so that one node runs at a time.
  /// `environment` is added to this program's.
  Result<Node> NewNode(const std::map<std::string, std::string>& environment = {});
  /// Starts the node of `node` again on its directory.
  Result<void> Restart(Node& node,
                       const std::map<std::string, std::string>& environment = {}) const;

  /// The node that holds `rows` rows of `StoredData`, loaded where it is not there yet; lives
  /// until another is asked for.
  Result<Node*> StoredNode(std::uint64_t rows);
  static DataSet StoredData();
  void DropStoredNode();

  /// Waits until the size on disk has not changed for a while; returns it.
  Result<std::uint64_t> Settle(const std::string& dir) const;

 private:
  const Options options_;
  std::vector<Figure> figures_;
  Node stored_;
  std::uint64_t stored_rows_ = 0;
};

/// Outcome of one registration run.
struct RegisterRunResult {
  RegisterTally tally;
  double seconds = 0;
  double client_cpu_seconds = 0;
  double node_cpu_seconds = 0;
  double rate() const { return static_cast<double>(tally.answered) / seconds; }
};

/// Registers all rows of the plan at the node, with progress. Errors: those of RegisterOverGrpc;
/// kInternal where a row is not REGISTERED.
Result<RegisterRunResult> RegisterAll(const RegisterPlan& plan, NodeProcess& node,
                                      const std::string& what);

/// First-ever registrations of the node's running month, or, where `month` is another one, of both.
/// `month` is set to the running month where it is empty. Errors: kUnavailable.
Result<std::int64_t> FirstEverVolume(NodeProcess& node, std::string& month);

/// One thing to measure.
struct Scenario {
  std::string name;
  std::string what;  ///< a line for --list
  std::function<Result<void>(BenchRun&)> run;
};

/// All scenarios in the order they run; each adds figures whose names begin with its own.
std::vector<Scenario> AllScenarios(const Sizes& sizes);

// Their parts, by file.
void AddRegisterScenarios(const Sizes& sizes, std::vector<Scenario>& scenarios);
void AddLatencyScenarios(const Sizes& sizes, std::vector<Scenario>& scenarios);
void AddVolumeScenarios(const Sizes& sizes, std::vector<Scenario>& scenarios);
void AddLedgerScenarios(const Sizes& sizes, std::vector<Scenario>& scenarios);
void AddTemplateScenarios(const Sizes& sizes, std::vector<Scenario>& scenarios);
void AddResolveScenarios(const Sizes& sizes, std::vector<Scenario>& scenarios);
void AddAccessScenarios(const Sizes& sizes, std::vector<Scenario>& scenarios);
void AddStoredScenarios(const Sizes& sizes, std::uint64_t rows, std::vector<Scenario>& scenarios);

}  // namespace idnode::bench
