#pragma once

#include "node/cli/text.h"

/// What the auditor's commands say while they work; help texts stand beside their options.
namespace idnode::cli::texts {

// What a fault is about.
inline constexpr Text kNotLeaves{
    "the leaves: identifiers, their times and duplicates (reading them takes an auditor's token)",
    "各条记录：标识、时间与重复（读取须有审核员令牌）"};
inline constexpr Text kTheStatement{"the statement of $0", "$0 的声明"};
inline constexpr Text kClosingHead{"the closing checkpoint of $0", "$0 的月末检查点"};
inline constexpr Text kStartHead{"the checkpoint at the start of $0", "$0 的月初检查点"};
inline constexpr Text kNewestHead{"the newest checkpoint", "最新检查点"};
inline constexpr Text kSeenHead{"the checkpoint in $0", "$0 中的检查点"};

// Faults of notes.
inline constexpr Text kBadSignature{"wrong signature: $0 is not signed as it should be ($1)",
                                    "签名错误：$0 的签名不符（$1）"};
inline constexpr Text kLacksSignature{
    "wrong signature: $0 lacks the signature of the key $1 that was given",
    "签名错误：$0 缺少指定密钥 $1 的签名"};
inline constexpr Text kOtherOrigin{
    "wrong signature: $0 is of the log \"$1\", not of \"$2\", whose key was given",
    "签名错误：$0 属于账本“$1”，不是所给密钥的账本“$2”"};
inline constexpr Text kUnreadable{"malformed: $0 cannot be read ($1)",
                                  "格式错误：无法读取$0（$1）"};
inline constexpr Text kMissingNote{"missing: $0 is not there", "缺失：找不到$0"};
inline constexpr Text kOtherMonth{"malformed: $0 says it is of $1", "格式错误：$0 写明的月份是 $1"};
inline constexpr Text kWitnessWrong{"wrong signature: a witness's signature on $0 is wrong ($1)",
                                    "签名错误：见证方对$0的签名不符（$1）"};
inline constexpr Text kFiguresDisagree{"wrong count: the figures of $0 contradict each other ($1)",
                                       "计数错误：$0 中的数字自相矛盾（$1）"};

inline constexpr Text kOtherZone{
    "wrong time: $0 counts in the time zone $1, not in $2; if that was agreed, give --time-zone",
    "时间错误：$0按时区 $1 计数，不是 $2；如确有约定，请用 --time-zone 指定"};
inline constexpr Text kTooEarly{
    "wrong time: $0 says that it is final, but was made at $1; the month ends at $2",
    "时间错误：$0称为终计，却生成于 $1，而当月止于 $2"};

// Faults of heads and of the chain.
inline constexpr Text kSameSizeFork{
    "forked checkpoint: $0 and $1 are both of $2 leaves but have different roots; the node shows "
    "different logs to different people",
    "检查点分叉：$0与$1都是 $2 条记录，根哈希却不同；节点向不同的人出示了不同的账本"};
inline constexpr Text kInconsistent{
    "forked checkpoint: $0 ($1 leaves) is not the beginning of $2 ($3 leaves); leaves that were "
    "published have been rewritten ($4)",
    "检查点分叉：$0（$1 条）不是$2（$3 条）的开头；已公布的记录被改写（$4）"};
inline constexpr Text kTilesElsewhere{
    "forked checkpoint: the node's tiles do not lead to the root that it signed for $0 leaves",
    "检查点分叉：节点给出的哈希瓦片与其对 $0 条记录签署的根哈希不符"};
inline constexpr Text kHeadsDiffer{
    "forked checkpoint: $0 ends at $1 leaves, but $2 is of $3 leaves",
    "检查点分叉：$0止于 $1 条记录，而$2是 $3 条"};
inline constexpr Text kChainStarts{
    "broken chain: $0 names no statement before it, but its log already had $1 leaves",
    "声明链断裂：$0没有前一份声明，但其账本月初已有 $1 条记录"};
inline constexpr Text kChainDigest{
    "broken chain: $0 names another text as the statement before it than the one of $1",
    "声明链断裂：$0所指的前一份声明与 $1 的声明不一致"};
inline constexpr Text kChainHead{
    "broken chain: $0 starts at $1 leaves, the statement of $2 ends at $3, or their roots differ",
    "声明链断裂：$0从 $1 条记录开始，而 $2 的声明止于 $3 条，或二者根哈希不同"};
inline constexpr Text kChainStatus{"broken chain: $0 follows a statement of $1 that is not final",
                                   "声明链断裂：$0之前 $1 的声明不是终计"};

// Faults of leaves.
inline constexpr Text kMissingTile{"missing tile: $0", "瓦片缺失：$0"};
inline constexpr Text kBadTile{"malformed: $0", "格式错误：$0"};
inline constexpr Text kTileContradicts{
    "malformed: the hash tile of leaves $0 to $1 contradicts the tiles above it",
    "格式错误：第 $0 至 $1 条记录的哈希瓦片与上层瓦片矛盾"};
inline constexpr Text kBadLeaf{"malformed leaf $0: $1", "第 $0 条记录格式错误：$1"};
inline constexpr Text kTampered{
    "tampered leaf $0: the node now shows \"$1\", which is not what the signed log was built from",
    "第 $0 条记录被篡改：节点现在给出“$1”，与已签署账本中的记录不符"};
inline constexpr Text kReordered{
    "reordered leaf $0: the node shows \"$1\" there, which belongs at $2",
    "第 $0 条记录次序被调换：节点在此给出“$1”，它应在第 $2 条"};
inline constexpr Text kUnexplained{
    "tampered leaf: the entries of the first $0 leaves do not lead to the signed root",
    "记录被篡改：前 $0 条记录算不出已签署的根哈希"};
inline constexpr Text kOutside{
    "leaf $0 is outside the month: \"$1\" was committed at $2, not in $3 ($4)",
    "第 $0 条记录不在本月：“$1”提交于 $2，不在 $3（$4）内"};
inline constexpr Text kOutsideBefore{
    "leaf $0 is outside its month: \"$1\" was committed at $2, but stands before the start of $3",
    "第 $0 条记录不在其月份内：“$1”提交于 $2，却排在 $3 开始之前"};
inline constexpr Text kBadIdentifierText{"bad identifier: leaf $0 is \"$1\": $2",
                                         "标识不合规：第 $0 条记录是“$1”：$2"};
inline constexpr Text kOtherPrefix{"bad identifier: leaf $0 is \"$1\", which is not under $2",
                                   "标识不合规：第 $0 条记录是“$1”，不属于前缀 $2"};
inline constexpr Text kTooManyLeaves{
    "malformed: $0 leaves are said to be there, more than any node can have",
    "格式错误：称有 $0 条记录，超出任何节点的可能"};
inline constexpr Text kTwiceUnreadable{
    "duplicate identifier: leaves $0 and $1 were the same when they were read first; now they "
    "cannot be read",
    "标识重复：首次读取时第 $0 条与第 $1 条记录相同；再次读取已无法解析"};
inline constexpr Text kTwice{
    "duplicate identifier: leaves $0 and $1 are both \"$2\"; an identifier counts once",
    "标识重复：第 $0 条与第 $1 条记录都是“$2”；一个标识只计一次"};
inline constexpr Text kTwiceInOtherCase{
    "duplicate identifier in other case: leaf $0 is \"$2\" and leaf $1 is \"$3\"; they are one "
    "identifier and count once",
    "标识重复（仅大小写不同）：第 $0 条记录是“$2”，第 $1 条是“$3”；它们是同一标识，只计一次"};
inline constexpr Text kWrongRow{
    "wrong count: the statement of $0 says $1 first-ever by $2 \"$3\"; the leaves give $4",
    "计数错误：$0 的声明按 $2 “$3” 称首次注册 $1，由记录算得 $4"};
inline constexpr Text kNeedlessOthers{
    "wrong count: the statement of $0 sums rows by $1 up in one, though there are few",
    "计数错误：$0 的声明按 $1 的行数不多，却合并为一行"};
inline constexpr Text kWrongEvidence{
    "wrong count: the statement of $0 says $1 \"$2\"; the leaves give \"$3\"",
    "计数错误：$0 的声明称 $1 为“$2”；由记录算得“$3”"};
inline constexpr Text kWrongTotal{
    "wrong count: the statement of $0 says $1 first-ever registrations; $2 leaves are of the month "
    "and not duplicates",
    "计数错误：$0 的声明称首次注册 $1；属于本月且不重复的记录为 $2 条"};

// Faults of records.
inline constexpr Text kNotResolvedText{
    "not resolved: the node knows nothing of \"$0\" (leaf $1); it was deleted since, or never "
    "there",
    "无法解析：节点查不到“$0”（第 $1 条记录）；可能已被删除，也可能从未存在"};
inline constexpr Text kOtherTime{
    "record differs: leaf $0 says \"$1\" was first registered at $2; the node answers $3",
    "解析结果不符：第 $0 条记录称“$1”首次注册于 $2，节点答复为 $3"};
inline constexpr Text kOtherContent{
    "record differs: \"$1\" (leaf $0) was never changed, yet its content is not what the leaf says",
    "解析结果不符：“$1”（第 $0 条记录）从未变更，内容却与记录不一致"};
inline constexpr Text kBadAnswer{
    "record differs: the node's answer about \"$1\" (leaf $0) is not "
    "a record",
    "解析结果不符：节点对“$1”（第 $0 条记录）的答复不是标识记录"};

// What was checked.
inline constexpr Text kDidSignatures{"the signatures of $0 notes (statements and checkpoints)",
                                     "$0 份签名文件（声明与检查点）的签名"};
inline constexpr Text kDidFigures{
    "the figures of the statement agree with each other and with the "
    "size of the log",
    "声明中的数字相互一致，并与账本大小一致"};
inline constexpr Text kDidChain{"the statement follows the one of $0, whose log it continues",
                                "声明承接 $0 的声明，并延续其账本"};
inline constexpr Text kDidFirst{"the statement is the first of the log", "这是账本的第一份声明"};
inline constexpr Text kDidConsistency{"$0 is consistent with $1", "$0与$1一致"};
inline constexpr Text kDidLeaves{"all $0 leaves, from $1 on: their hashes lead to the signed roots",
                                 "从第 $1 条起全部 $0 条记录：其哈希可算出已签署的根哈希"};
inline constexpr Text kDidMonth{"each leaf's time is in the month it is counted in ($0)",
                                "每条记录的时间都在其计入的月份内（$0）"};
inline constexpr Text kDidDuplicates{"no identifier is twice among these leaves, in any case",
                                     "这些记录中没有重复标识（不分大小写）"};
inline constexpr Text kDidRows{"$0 rows of the breakdown, by what leaves tell",
                               "按记录可得的分项核对了 $0 行"};
inline constexpr Text kDidEvidence{"the evidence \"$0\", from the leaves", "由记录核对了证据“$0”"};
inline constexpr Text kDidIdentifiers{"each leaf's identifier is one, under $0",
                                      "每条记录的标识都合规，且属于前缀 $0"};
inline constexpr Text kDidSample{
    "$0 random leaves (seed $1) are in the signed log and in the month",
    "随机抽取的 $0 条记录（种子 $1）都在已签署账本和本月之内"};
inline constexpr Text kDidResolve{
    "$0 of them were resolved with the leaf's time, $1 with the same "
    "content",
    "其中 $0 条解析结果的时间与记录一致，$1 条内容一致"};
inline constexpr Text kDidWitness{"witness $0 cosigned $1 at $2", "见证方 $0 于 $2 联署了$1"};

// What was not.
inline constexpr Text kNotEarlier{
    "identifiers that were counted in an earlier month already: add --since-start",
    "是否有标识在更早月份已计数：请加 --since-start"};
inline constexpr Text kNotEarlierMonths{"statements of earlier months: add --all-months",
                                        "更早月份的声明：请加 --all-months"};
inline constexpr Text kNotAll{
    "leaves outside the sample, duplicates and counts: leave out --sample",
    "样本以外的记录、重复标识和计数：请去掉 --sample"};
inline constexpr Text kNotPrevious{"the chain of statements: that of $0 is not there",
                                   "声明链：找不到 $0 的声明"};
inline constexpr Text kNotStartHead{
    "the checkpoint at the start of $0: it is not there; the start "
    "is the statement's",
    "$0 的月初检查点：找不到；以声明所载为准"};
inline constexpr Text kNotNewest{"consistency with the newest checkpoint: it is not there",
                                 "与最新检查点的一致性：找不到最新检查点"};
inline constexpr Text kNotWitnessed{"witness $0 has not cosigned $1", "见证方 $0 未联署$1"};
inline constexpr Text kNotResolving{"that identifiers resolve: a folder cannot tell",
                                    "标识能否解析：离线目录无法核对"};
inline constexpr Text kNotResolvingAsked{"that identifiers resolve: --no-resolve",
                                         "标识能否解析：已指定 --no-resolve"};
inline constexpr Text kNotOtherFigures{
    "registrations, re-registrations, deletions and figures reported upward: leaves do not tell",
    "注册总数、重新注册、删除和上报数：记录中没有"};
inline constexpr Text kNotRowsOf{
    "rows by $0: that they add up to the total is checked; which is which leaves do not tell",
    "按 $0 的分项：已核对其合计等于总数；各项的归属记录中没有，无法重新计算"};
inline constexpr Text kNotStated{"rows by $0: THE NODE STATES NO BREAKDOWN BY $0; ask it why",
                                 "按 $0 的分项：节点的声明没有按 $0 的分项，请向其查询原因"};
inline constexpr Text kNotEvidence{"the evidence \"$0\": leaves do not tell",
                                   "证据“$0”：记录中没有"};
inline constexpr Text kNoEvidence{"the evidence \"$0\": THE NODE STATES NONE; ask it why",
                                  "证据“$0”：节点未声明，请向其查询原因"};
inline constexpr Text kNotPrefixes{"that the node may register under $0: give --prefix",
                                   "节点是否有权注册前缀 $0 下的标识：请用 --prefix 指定"};
inline constexpr Text kLateStatement{
    "why $0 was made at $1, more than a day after the month's end ($2)",
    "$0生成于 $1，比月末（$2）晚一天以上，原因未核对"};
inline constexpr Text kLateCosignature{
    "why witness $0 cosigned $1 at $2 only, more than a day after the month's end",
    "见证方 $0 迟至 $2 才联署$1，比月末晚一天以上，原因未核对"};
inline constexpr Text kNotRead{"leaves from $0 on: reading stopped there",
                               "第 $0 条以后的记录：在此处中止读取"};
inline constexpr Text kProvisional{
    "the final figures: the statement is provisional, the month still runs",
    "终计数字：声明为暂计，当月尚未结束"};
inline constexpr Text kOtherTarget{"the target: the statement measures itself against $0, not $1",
                                   "目标：声明以 $0 而非 $1 为目标"};

}  // namespace idnode::cli::texts
