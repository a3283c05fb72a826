#include "node/service/template_registry.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include <gtest/gtest.h>

#include "node/model/template_forms.h"
#include "node/service/template_row.h"
#include "storage/key_codec.h"
#include "storage/memory/memory_engine.h"
#include "storage/testing/faulty_engine.h"
#include "tests/node/service/test_node.h"

namespace idnode::service {
namespace {

constexpr std::string_view kOwner = "88.108.1001";

DataTemplate Shoe(int items = 2) {
  DataTemplate content;
  content.title = "Shoe";
  for (int i = 0; i < items; ++i) {
    TemplateItem item;
    item.name = "item" + std::to_string(i);
    content.items.push_back(item);
  }
  return content;
}

class TemplateRegistryTest : public testing::Test {
 protected:
  TemplateRegistryTest() { Restart(); }

  // The registry as a node that starts now has it.
  void Restart() {
    registry_ = std::make_unique<TemplateRegistry>(*node_.engine, *node_.audit, *node_.prefixes,
                                                   node_.clock, TemplateOptions{});
    const auto loaded = registry_->Load();
    ASSERT_TRUE(loaded.ok()) << loaded.error().detail;
  }

  Result<TemplateRef> Put(const DataTemplate& content, const std::string& name = "shoe") {
    return registry_->Put(node_.Operator(), std::string(kOwner), name, content, node_.Soon());
  }
  Result<TemplateRef> Publish(std::uint32_t version, const std::string& name = "shoe") {
    return registry_->Publish(node_.Operator(), std::string(kOwner), name, version, node_.Soon());
  }
  Result<TemplateRef> Withdraw(std::uint32_t version) {
    return registry_->Withdraw(node_.Operator(), std::string(kOwner), "shoe", version,
                               node_.Soon());
  }
  Result<void> Delete(std::uint32_t version) {
    return registry_->Delete(node_.Operator(), std::string(kOwner), "shoe", version, node_.Soon());
  }
  Result<TemplateRef> Get(std::uint32_t version, const Actor& actor) {
    return registry_->Get(actor, std::string(kOwner), "shoe", version);
  }
  Result<void> MarkUsed(const ReadyTemplateRef& used) {
    std::mutex mutex;
    std::condition_variable ready;
    std::optional<Result<void>> answer;
    registry_->MarkUsed({used}, *node_.committer,
                        [&](const Result<void>& result, const std::vector<ReadyTemplateRef>& gone) {
                          std::lock_guard lock(mutex);
                          answer = gone.empty() ? result : Error(Errc::kTemplateNotFound, "gone");
                          ready.notify_all();
                        });
    std::unique_lock lock(mutex);
    ready.wait(lock, [&] { return answer.has_value(); });
    return *answer;
  }

  TestNode node_;
  std::unique_ptr<TemplateRegistry> registry_;
};

TEST_F(TemplateRegistryTest, LifeOfAVersion) {
  auto draft = Put(Shoe());
  ASSERT_TRUE(draft.ok()) << draft.error().detail;
  EXPECT_EQ((*draft)->Reference(), "shoe@1");
  EXPECT_EQ((*draft)->status, TemplateStatus::kDraft);
  EXPECT_EQ((*draft)->created_ms, kTestNowMs);
  EXPECT_EQ((*draft)->content.items[1].index, 2001u);
  EXPECT_EQ(registry_->Find(kOwner, "shoe@1"), nullptr);
  // A draft is replaced as often as one likes, by anything.
  ASSERT_EQ((*Put(Shoe(1)))->version, 1u);

  auto published = Publish(1);
  ASSERT_TRUE(published.ok()) << published.error().detail;
  EXPECT_EQ((*published)->status, TemplateStatus::kPublished);
  EXPECT_EQ((*published)->published_ms, kTestNowMs);
  EXPECT_EQ(Publish(1).code(), Errc::kPreconditionFailed);
  ASSERT_NE(registry_->Find(kOwner, "shoe@1"), nullptr);
  EXPECT_EQ(registry_->Find(kOwner, "shoe@1")->content.items.size(), 1u);

  // Immutable: what is put from now on is the next version.
  ASSERT_EQ((*Put(Shoe(3)))->version, 2u);
  EXPECT_EQ(registry_->Find(kOwner, "shoe@1")->content.items.size(), 1u);
  EXPECT_EQ(registry_->FindNewest(kOwner, "shoe")->version, 1u);
  ASSERT_TRUE(Publish(2).ok());
  EXPECT_EQ(registry_->FindNewest(kOwner, "shoe")->version, 2u);

  auto withdrawn = Withdraw(2);
  ASSERT_TRUE(withdrawn.ok());
  EXPECT_EQ((*withdrawn)->status, TemplateStatus::kWithdrawn);
  EXPECT_TRUE(Withdraw(2).ok());  // again: so it is
  EXPECT_EQ(registry_->FindNewest(kOwner, "shoe")->version, 1u);
  EXPECT_NE(registry_->Find(kOwner, "shoe@2"), nullptr);
  EXPECT_EQ(Publish(2).code(), Errc::kPreconditionFailed);
  EXPECT_EQ(Publish(9).code(), Errc::kTemplateNotFound);
  EXPECT_EQ(Withdraw(9).code(), Errc::kTemplateNotFound);
  ASSERT_TRUE(Put(Shoe(4)).ok());
  EXPECT_EQ(Withdraw(3).code(), Errc::kPreconditionFailed);

  const auto before = registry_->List(node_.Operator(), {}, 0, {});
  Restart();
  const auto after = registry_->List(node_.Operator(), {}, 0, {});
  ASSERT_TRUE(before.ok() && after.ok());
  ASSERT_EQ(before->templates.size(), 3u);
  ASSERT_EQ(after->templates.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(after->templates[i]->content, before->templates[i]->content);
    EXPECT_EQ(after->templates[i]->status, before->templates[i]->status);
    EXPECT_EQ(after->templates[i]->published_ms, before->templates[i]->published_ms);
  }
}

TEST_F(TemplateRegistryTest, ANewVersionFollowsTheOneBefore) {
  ASSERT_TRUE(Put(Shoe(2)).ok());
  ASSERT_TRUE(Publish(1).ok());
  const auto dropped = Put(Shoe(1));
  ASSERT_EQ(dropped.code(), Errc::kInvalidRequest);
  EXPECT_EQ(dropped.error().field, "properties.item1");
  DataTemplate retyped = Shoe(2);
  retyped.items[0].type = ItemType::kNumber;
  EXPECT_EQ(Put(retyped).error().field, "properties.item0.type");
  // Items keep their index by name, in whatever order they come.
  DataTemplate turned = Shoe(3);
  std::swap(turned.items[0], turned.items[2]);
  const auto put = Put(turned);
  ASSERT_TRUE(put.ok()) << put.error().detail;
  EXPECT_EQ((*put)->content.items[0].name, "item0");
  EXPECT_EQ((*put)->content.items[2].index, 2002u);
  DataTemplate bad = Shoe(2);
  bad.items[0].pattern = "(";
  EXPECT_EQ(Put(bad).error().field, "properties.item0.pattern");
}

TEST_F(TemplateRegistryTest, WhatRecordsNameStays) {
  ASSERT_TRUE(Put(Shoe()).ok());
  EXPECT_TRUE(Delete(1).ok());  // a draft goes without a trace
  EXPECT_EQ(Delete(1).code(), Errc::kTemplateNotFound);
  ASSERT_EQ((*Put(Shoe()))->version, 1u);
  ASSERT_TRUE(Publish(1).ok());
  EXPECT_FALSE((*Get(1, node_.Operator()))->in_use);
  const auto ready = registry_->Lookup(kOwner, "shoe@1");
  ASSERT_NE(ready, nullptr);
  ASSERT_TRUE(MarkUsed(ready).ok());
  ASSERT_TRUE(MarkUsed(ready).ok());
  EXPECT_TRUE((*Get(1, node_.Operator()))->in_use);
  EXPECT_EQ(Delete(1).code(), Errc::kTemplateInUse);
  Restart();
  EXPECT_TRUE((*Get(1, node_.Operator()))->in_use);
  EXPECT_EQ(Delete(1).code(), Errc::kTemplateInUse);
  ASSERT_TRUE(Withdraw(1).ok());
  EXPECT_EQ(Delete(1).code(), Errc::kTemplateInUse);
}

TEST_F(TemplateRegistryTest, ADeletedVersionsNumberIsNotUsedAgain) {
  ASSERT_TRUE(Put(Shoe()).ok());
  ASSERT_TRUE(Publish(1).ok());
  const auto ready = registry_->Lookup(kOwner, "shoe@1");
  ASSERT_TRUE(Delete(1).ok());
  EXPECT_EQ(registry_->Lookup(kOwner, "shoe@1"), nullptr);
  EXPECT_EQ(Get(1, node_.Operator()).code(), Errc::kTemplateNotFound);
  // A batch that looked it up before comes too late.
  EXPECT_EQ(MarkUsed(ready).code(), Errc::kTemplateNotFound);
  Restart();
  EXPECT_EQ(Get(1, node_.Operator()).code(), Errc::kTemplateNotFound);
  const auto next = Put(Shoe(1));  // with nothing before it to follow
  ASSERT_TRUE(next.ok()) << next.error().detail;
  EXPECT_EQ((*next)->version, 2u);
}

// Of a deletion and a first use at the same time exactly one goes through.
TEST_F(TemplateRegistryTest, DeletionAndFirstUseExcludeEachOther) {
  for (int round = 0; round < 50; ++round) {
    const std::string name = "shoe" + std::to_string(round);
    ASSERT_TRUE(Put(Shoe(), name).ok());
    ASSERT_TRUE(Publish(1, name).ok());
    const auto ready = registry_->Lookup(kOwner, name + "@1");
    Result<void> deleted;
    std::thread deleting([&] {
      deleted = registry_->Delete(node_.Operator(), std::string(kOwner), name, 1, node_.Soon());
    });
    const auto used = MarkUsed(ready);
    deleting.join();
    EXPECT_NE(used.ok(), deleted.ok()) << round;
    EXPECT_EQ(deleted.code(), used.ok() ? Errc::kTemplateInUse : Errc::kOk) << round;
    EXPECT_EQ(used.code(), used.ok() ? Errc::kOk : Errc::kTemplateNotFound) << round;
    EXPECT_EQ(registry_->Lookup(kOwner, name + "@1") != nullptr, used.ok());
  }
}

TEST_F(TemplateRegistryTest, ThePrefixsOwnAndItsSecondaryPrefixsAreFound) {
  const auto put = [&](const std::string& owner, const std::string& name, int items) {
    ASSERT_TRUE(registry_->Put(node_.Operator(), owner, name, Shoe(items), node_.Soon()).ok());
    ASSERT_TRUE(registry_->Publish(node_.Operator(), owner, name, 1, node_.Soon()).ok());
  };
  put("88.108", "shoe", 5);
  EXPECT_EQ(registry_->Find(kOwner, "shoe@1")->content.items.size(), 5u);
  put(std::string(kOwner), "own", 1);
  EXPECT_EQ(registry_->Find(kOwner, "own@1")->content.items.size(), 1u);
  EXPECT_EQ(registry_->Find("88.108.2", "own@1"), nullptr);
  EXPECT_EQ(registry_->Find("88.108.2", "shoe@1")->content.items.size(), 5u);
  EXPECT_EQ(registry_->FindNewest("88.108.2", "shoe")->owner, "88.108");
  EXPECT_EQ(registry_->Find("88.109.2", "shoe@1"), nullptr);
  for (const char* none : {"shoe", "shoe@", "shoe@01", "shoe@2", "Shoe@1", "", "@1"}) {
    EXPECT_EQ(registry_->Find(kOwner, none), nullptr) << none;
  }
  EXPECT_EQ(registry_->FindNewest("88.108.2", "sho"), nullptr);
}

// Records name a template by name and version alone: nobody may come to be meant in another's
// place.
TEST_F(TemplateRegistryTest, ASecondaryPrefixAndThoseBelowItDoNotShareNames) {
  const auto put = [&](const std::string& owner, const std::string& name, int items = 1) {
    const auto made = registry_->Put(node_.Operator(), owner, name, Shoe(items), node_.Soon());
    return made.ok() ? "ok" : std::string(ErrcName(made.code())) + " " + made.error().field;
  };
  EXPECT_EQ(put("88.108", "shoe"), "ok");
  EXPECT_EQ(put(std::string(kOwner), "shoe"), "kAlreadyExists name");  // a draft has the name too
  EXPECT_EQ(put(std::string(kOwner), "shoe2"), "ok");
  EXPECT_EQ(put("88.108", "shoe2"), "kAlreadyExists name");
  EXPECT_EQ(put("88.108", "sho"), "ok");
  EXPECT_EQ(put("88.108.2", "shoe2"), "ok");  // beside each other they do
  EXPECT_EQ(put("88.108", "shoe", 2), "ok");  // its own goes on
  EXPECT_EQ(put(std::string(kOwner), "shoe2", 2), "ok");
  // One that was published keeps its name when it is deleted, a draft does not.
  ASSERT_TRUE(registry_->Publish(node_.Operator(), "88.108", "shoe", 1, node_.Soon()).ok());
  ASSERT_TRUE(registry_->Delete(node_.Operator(), "88.108", "shoe", 1, node_.Soon()).ok());
  EXPECT_EQ(put(std::string(kOwner), "shoe"), "kAlreadyExists name");
  ASSERT_TRUE(registry_->Delete(node_.Operator(), "88.108", "sho", 1, node_.Soon()).ok());
  EXPECT_EQ(put(std::string(kOwner), "sho"), "ok");
}

TEST_F(TemplateRegistryTest, WhoMayDoWhat) {
  const Actor own = node_.App("erp", {std::string(kOwner)});
  const Actor other = node_.App("other", {"88.108.2"});
  const std::string owner(kOwner);
  const auto put = [&](const Actor& actor, const std::string& where) {
    return registry_->Put(actor, where, "shoe", Shoe(), node_.Soon()).code();
  };
  EXPECT_EQ(put(own, owner), Errc::kOk);
  EXPECT_EQ(put(own, "88.108"), Errc::kPermissionDenied);
  EXPECT_EQ(put(other, owner), Errc::kPermissionDenied);
  EXPECT_EQ(put(node_.Auditor(), owner), Errc::kPermissionDenied);
  EXPECT_EQ(put(node_.Stranger(), owner), Errc::kUnauthenticated);
  EXPECT_EQ(put(node_.Operator(), "10.1"), Errc::kNotResponsible);
  EXPECT_EQ(put(node_.Operator(), "88..1"), Errc::kInvalidRequest);
  EXPECT_EQ(registry_->Put(own, owner, "a@b", Shoe(), node_.Soon()).error().field, "name");

  // A draft is for its owner, the auditor and the operator.
  EXPECT_TRUE(Get(1, own).ok());
  EXPECT_TRUE(Get(1, node_.Auditor()).ok());
  EXPECT_EQ(Get(1, other).code(), Errc::kPermissionDenied);
  EXPECT_EQ(Get(1, node_.Stranger()).code(), Errc::kUnauthenticated);
  EXPECT_EQ(registry_->List(other, owner, 0, {})->templates.size(), 0u);
  EXPECT_EQ(registry_->List(own, owner, 0, {})->templates.size(), 1u);

  EXPECT_EQ(registry_->Publish(other, owner, "shoe", 1, node_.Soon()).code(),
            Errc::kPermissionDenied);
  EXPECT_TRUE(registry_->Publish(own, owner, "shoe", 1, node_.Soon()).ok());
  EXPECT_TRUE(Get(1, node_.Stranger()).ok());
  EXPECT_EQ((*Get(0, node_.Stranger()))->version, 1u);
  EXPECT_EQ(registry_->List(node_.Stranger(), {}, 0, {})->templates.size(), 1u);
  EXPECT_EQ(registry_->Withdraw(other, owner, "shoe", 1, node_.Soon()).code(),
            Errc::kPermissionDenied);
  EXPECT_EQ(registry_->Delete(other, owner, "shoe", 1, node_.Soon()).code(),
            Errc::kPermissionDenied);
  EXPECT_TRUE(registry_->Withdraw(own, owner, "shoe", 1, node_.Soon()).ok());
  EXPECT_TRUE(registry_->Delete(own, owner, "shoe", 1, node_.Soon()).ok());
  EXPECT_EQ(Get(0, own).code(), Errc::kTemplateNotFound);

  int done = 0;
  int refused = 0;
  for (const auto& entry : node_.AuditEntries()) {
    if (!entry.action.starts_with("template.")) continue;
    (entry.refused.empty() ? done : refused) += 1;
    EXPECT_NE(entry.target, "");
  }
  EXPECT_EQ(done, 4);
  EXPECT_GE(refused, 4);
}

TEST_F(TemplateRegistryTest, PagesGoThroughAll) {
  for (int i = 0; i < 25; ++i) {
    ASSERT_TRUE(Put(Shoe(), "t" + std::to_string(i)).ok());
  }
  std::size_t seen = 0;
  std::string token;
  std::string last;
  int pages = 0;
  do {
    const auto page = registry_->List(node_.Operator(), std::string(kOwner), 10, token);
    ASSERT_TRUE(page.ok());
    for (const auto& each : page->templates) {
      EXPECT_LT(last, each->name);
      last = each->name;
    }
    seen += page->templates.size();
    token = page->next_page_token;
    ++pages;
  } while (!token.empty());
  EXPECT_EQ(seen, 25u);
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(registry_->List(node_.Operator(), {}, 1'000, {}).code(), Errc::kOk);
  EXPECT_EQ(registry_->List(node_.Operator(), {}, 1'001, {}).error().field, "pageSize");
  EXPECT_EQ(registry_->List(node_.Operator(), {}, 10, "nonsense").code(), Errc::kInvalidPageToken);
}

TEST_F(TemplateRegistryTest, AnOwnerHasSoManyTemplatesAndNoMore) {
  for (std::size_t i = 0; i < kTemplatesPerOwnerMax; ++i) {
    ASSERT_TRUE(Put(Shoe(1), "t" + std::to_string(i)).ok()) << i;
  }
  EXPECT_EQ(Put(Shoe(1), "more").error().field, "name");
  EXPECT_TRUE(Put(Shoe(2), "t5").ok());
  EXPECT_TRUE(registry_->Put(node_.Operator(), "88.108.2", "more", Shoe(1), node_.Soon()).ok());
}

TEST_F(TemplateRegistryTest, ATemplateHasSoManyVersionsAndNoMore) {
  // As if all those before had been published.
  TemplateRow row;
  row.status = TemplateRow::Status::kPublished;
  row.content = Shoe(1);
  NumberItems(row.content, nullptr);
  ASSERT_TRUE(node_.writer
                  ->Create(storage::TemplateKey(kOwner, "shoe", kTemplateVersionMax - 1),
                           EncodeTemplateRow(row), node_.Soon())
                  .ok());
  Restart();
  EXPECT_EQ((*Put(Shoe(1)))->version, kTemplateVersionMax);
  ASSERT_TRUE(Publish(kTemplateVersionMax).ok());
  EXPECT_EQ(Put(Shoe(1)).error().field, "name");
}

TEST_F(TemplateRegistryTest, AnOwnerHasSoManyVersionsAndNoMore) {
  TemplateRow row;  // as if all those before had been published
  row.status = TemplateRow::Status::kPublished;
  row.content = Shoe(1);
  NumberItems(row.content, nullptr);
  const std::string bytes = EncodeTemplateRow(row);
  for (std::size_t i = 0; i + 1 < kTemplateVersionsPerOwnerMax; ++i) {
    const std::string key =
        storage::TemplateKey(kOwner, i % 2 == 0 ? "a" : "b", 1 + static_cast<std::uint32_t>(i / 2));
    ASSERT_TRUE(node_.writer->Create(key, bytes, node_.Soon()).ok()) << i;
  }
  Restart();
  ASSERT_TRUE(Put(Shoe(1), "c").ok());
  EXPECT_TRUE(Put(Shoe(2), "c").ok());  // the same draft
  const auto refused = Put(Shoe(1), "d");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().field, "name");
  EXPECT_NE(refused.error().detail.find("versions"), std::string::npos) << refused.error().detail;
  EXPECT_TRUE(registry_->Put(node_.Operator(), "88.108.2", "d", Shoe(1), node_.Soon()).ok());
}

TEST_F(TemplateRegistryTest, AnOwnersTemplatesTakeSoMuchMemoryAndNoMore) {
  TemplateRow row;
  row.status = TemplateRow::Status::kPublished;
  row.content = Shoe(50);
  for (auto& item : row.content.items) item.description = std::string(4'000, 'x');
  NumberItems(row.content, nullptr);
  const std::string bytes = EncodeTemplateRow(row);
  const std::size_t fit = kTemplateBytesPerOwnerMax / EncodeDataTemplate(row.content).size();
  for (std::size_t i = 0; i < fit; ++i) {
    const std::string key = storage::TemplateKey(kOwner, "a", 1 + static_cast<std::uint32_t>(i));
    ASSERT_TRUE(node_.writer->Create(key, bytes, node_.Soon()).ok()) << i;
  }
  Restart();
  const auto refused = Put(row.content, "b");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().field, "name");
  EXPECT_NE(refused.error().detail.find("bytes"), std::string::npos) << refused.error().detail;
  EXPECT_TRUE(Put(Shoe(1), "b").ok());
}

// A new template and many producers at once: one transaction for all, and a bound on who waits.
TEST(TemplateMarkTest, OneMarkAVersionIsUnderWay) {
  auto faulty = std::make_unique<storage::FaultyEngine>(storage::MakeMemoryEngine(4));
  storage::FaultyEngine& engine = *faulty;
  TestNodeOptions options;
  options.given_engine = std::move(faulty);
  TestNode node(std::move(options));
  const std::string owner(kOwner);
  for (const char* name : {"shoe", "hat"}) {
    ASSERT_TRUE(node.templates->Put(node.Operator(), owner, name, Shoe(), node.Soon()).ok());
    ASSERT_TRUE(node.templates->Publish(node.Operator(), owner, name, 1, node.Soon()).ok());
  }
  const auto shoe = node.templates->Lookup(owner, "shoe@1");
  const auto hat = node.templates->Lookup(owner, "hat@1");
  std::atomic<std::size_t> marked = 0;
  std::atomic<std::size_t> overloaded = 0;
  const auto mark = [&](std::vector<ReadyTemplateRef> used) {
    node.templates->MarkUsed(
        std::move(used), *node.committer,
        [&](const Result<void>& result, const std::vector<ReadyTemplateRef>& gone) {
          EXPECT_TRUE(gone.empty());
          if (result.ok()) ++marked;
          if (result.code() == Errc::kOverloaded) ++overloaded;
        });
  };
  engine.HoldCommits();
  mark({shoe});
  mark({shoe, hat});  // waits for the one, and makes another
  for (std::size_t i = 1; i < kTemplateMarkWaitersMax; ++i) mark({shoe});
  // Two, and maybe the last acts: they are counted off only after they are answered.
  EXPECT_LT(node.committer->QueuedItems(), 10u);
  EXPECT_EQ(overloaded, 0u);
  mark({shoe});
  EXPECT_EQ(overloaded, 1u);
  mark({hat});
  EXPECT_EQ(overloaded, 1u);
  engine.ReleaseCommits();
  node.committer->Drain(node.Soon());
  EXPECT_EQ(marked, kTemplateMarkWaitersMax + 2);
  EXPECT_TRUE(shoe->used->load());
  EXPECT_TRUE(hat->used->load());
}

TEST_F(TemplateRegistryTest, ADamagedRowStopsTheStart) {
  ASSERT_TRUE(
      node_.writer->Create(storage::TemplateKey(kOwner, "shoe", 1), "\x01", node_.Soon()).ok());
  TemplateRegistry registry(*node_.engine, *node_.audit, *node_.prefixes, node_.clock, {});
  EXPECT_EQ(registry.Load().code(), Errc::kCorruption);
}

}  // namespace
}  // namespace idnode::service
