#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace idnode {

/// Monotonic count. Safe to call concurrently.
class Counter {
 public:
  virtual ~Counter() = default;
  virtual void Add(double by = 1) = 0;
};

/// Distribution of durations, in seconds. Safe to call concurrently.
class Histogram {
 public:
  virtual ~Histogram() = default;
  virtual void Observe(double seconds) = 0;
  void ObserveSince(std::chrono::steady_clock::time_point start) {
    Observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
};

/// Where metrics live. The base class is inert, for tests and tools; `PrometheusMetrics` serves
/// them. Names are `idnode_…_seconds`, `…_total`; an identifier is never a label.
class Metrics {
 public:
  using Labels = std::map<std::string, std::string>;
  virtual ~Metrics() = default;
  /// The references live as long as this object.
  virtual Counter& GetCounter(const std::string& name, const std::string& help,
                              const Labels& labels = {});
  virtual Histogram& GetHistogram(const std::string& name, const std::string& help,
                                  const Labels& labels = {});
  /// `read` is called at each scrape, from any thread.
  virtual void AddGauge(const std::string& name, const std::string& help, const Labels& labels,
                        std::function<double()> read);
  /// Prometheus text exposition format 0.0.4.
  virtual std::string Expose();
};

/// Metrics kept by prometheus-cpp.
std::unique_ptr<Metrics> MakePrometheusMetrics();

}  // namespace idnode
