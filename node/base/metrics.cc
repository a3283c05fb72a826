#include "node/base/metrics.h"

#include <deque>
#include <mutex>
#include <utility>
#include <vector>

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace idnode {
namespace {

class InertCounter : public Counter {
 public:
  void Add(double) override {}
};

class InertHistogram : public Histogram {
 public:
  void Observe(double) override {}
};

// 50 µs to about 26 s, doubling: resolution sits at the low end, a stalled disk at the high one.
prometheus::Histogram::BucketBoundaries LatencyBuckets() {
  prometheus::Histogram::BucketBoundaries bounds;
  for (double bound = 50e-6; bound < 30; bound *= 2) bounds.push_back(bound);
  return bounds;
}

class PrometheusCounter : public Counter {
 public:
  explicit PrometheusCounter(prometheus::Counter& counter) : counter_(counter) {}
  void Add(double by) override { counter_.Increment(by); }

 private:
  prometheus::Counter& counter_;
};

class PrometheusHistogram : public Histogram {
 public:
  explicit PrometheusHistogram(prometheus::Histogram& histogram) : histogram_(histogram) {}
  void Observe(double seconds) override { histogram_.Observe(seconds); }

 private:
  prometheus::Histogram& histogram_;
};

class PrometheusMetrics : public Metrics {
 public:
  Counter& GetCounter(const std::string& name, const std::string& help,
                      const Labels& labels) override {
    std::lock_guard lock(mutex_);
    auto& family = prometheus::BuildCounter().Name(name).Help(help).Register(registry_);
    return counters_.emplace_back(family.Add(labels));
  }

  Histogram& GetHistogram(const std::string& name, const std::string& help,
                          const Labels& labels) override {
    std::lock_guard lock(mutex_);
    auto& family = prometheus::BuildHistogram().Name(name).Help(help).Register(registry_);
    return histograms_.emplace_back(family.Add(labels, LatencyBuckets()));
  }

  void AddGauge(const std::string& name, const std::string& help, const Labels& labels,
                std::function<double()> read) override {
    std::lock_guard lock(mutex_);
    auto& family = prometheus::BuildGauge().Name(name).Help(help).Register(registry_);
    gauges_.emplace_back(&family.Add(labels), std::move(read));
  }

  std::string Expose() override {
    {
      std::lock_guard lock(mutex_);
      for (auto& [gauge, read] : gauges_) gauge->Set(read());
    }
    return prometheus::TextSerializer().Serialize(registry_.Collect());
  }

 private:
  std::mutex mutex_;
  prometheus::Registry registry_;
  std::deque<PrometheusCounter> counters_;
  std::deque<PrometheusHistogram> histograms_;
  std::vector<std::pair<prometheus::Gauge*, std::function<double()>>> gauges_;
};

}  // namespace

Counter& Metrics::GetCounter(const std::string&, const std::string&, const Labels&) {
  static InertCounter inert;
  return inert;
}

Histogram& Metrics::GetHistogram(const std::string&, const std::string&, const Labels&) {
  static InertHistogram inert;
  return inert;
}

void Metrics::AddGauge(const std::string&, const std::string&, const Labels&,
                       std::function<double()>) {}

std::string Metrics::Expose() { return {}; }

std::unique_ptr<Metrics> MakePrometheusMetrics() { return std::make_unique<PrometheusMetrics>(); }

}  // namespace idnode
