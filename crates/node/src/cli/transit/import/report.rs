//! The import as a report for people, in both languages.

use std::fmt;

use huitong_kernel::money::Fen;
use huitong_transit::model::import::counts::{Counts, Money};

/// Stations and pairs of lines shown at most; the JSON has all.
const SHOWN_MAX: usize = 12;

pub struct Report<'r> {
    pub counts: &'r Counts,
    pub file: &'r str,
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.counts;
        writeln!(f, "刷卡记录导入 import of records: {}\n", self.file)?;
        writeln!(f, "  读入 rows read                    {:>8}", counts.rows)?;
        writeln!(f, "  接受 accepted                     {:>8}", counts.accepted)?;
        writeln!(f, "  卡 cards                          {:>8}", counts.cards)?;
        writeln!(f, "  进站 entries                      {:>8}", counts.entries)?;
        writeln!(f, "  出站 exits                        {:>8}", counts.exits)?;
        writeln!(f, "  乘车 boardings                    {:>8}", counts.boardings)?;
        writeln!(f, "  次日入账 booked on a later day    {:>8}", counts.booked_later)?;
        writeln!(f, "  联程 transfers marked             {:>8}", counts.transfers)?;
        self.buckets(f)?;
        self.money(f)?;
        self.pairs(f)?;
        self.stations(f)?;
        self.places(f)?;
        self.unreadable(f)
    }
}

impl Report<'_> {
    fn buckets(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let buckets = &self.counts.buckets;
        writeln!(f, "\n每条记录的去向 what became of each row (时间 times: UTC+8)")?;
        writeln!(
            f,
            "  成对 paired                       {:>8}  ({} 次行程 trips)",
            buckets.paired,
            buckets.paired / 2
        )?;
        writeln!(f, "  附属 extra tap of a trip          {:>8}", buckets.extra)?;
        writeln!(f, "  单边 single-sided                 {:>8}", buckets.single_sided)?;
        self.reasons(f, "single_sided.")?;
        writeln!(f, "  巴士 single tap (bus)             {:>8}", buckets.single_tap)?;
        writeln!(f, "  重复 duplicate                    {:>8}", buckets.duplicate)?;
        writeln!(f, "  隔离 quarantined                  {:>8}", buckets.quarantined)?;
        self.reasons(f, "quarantined.")?;
        writeln!(f, "  无法读取 unreadable               {:>8}", buckets.unreadable)?;
        self.reasons(f, "unreadable.")?;
        writeln!(f, "  合计 sum                          {:>8}  = 读入 rows read", buckets.sum())
    }

    fn reasons(&self, f: &mut fmt::Formatter<'_>, bucket: &str) -> fmt::Result {
        for (reason, count) in &self.counts.reasons {
            let Some(name) = reason.strip_prefix(bucket) else { continue };
            writeln!(f, "      {count:>6}  {name}  {}", chinese(name))?;
            for example in self.counts.examples.get(reason).into_iter().flatten() {
                let fare =
                    example.fare_fen.filter(|fare| *fare != Fen::ZERO).map(|fare| format!(" {} CNY", fare.yuan()));
                let (line, card, at) = (example.line, &example.card, &example.at);
                let (kind, station, fare) = (example.kind, &example.station, fare.unwrap_or_default());
                writeln!(f, "                例 e.g. line {line}: {card} {at} {kind} {station}{fare}")?;
            }
        }
        Ok(())
    }

    fn money(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\n票款 money (CNY)                 笔数 records  票价 fares  实收 charged  优惠 reduced  免费 free"
        )?;
        let sums = [
            ("出站 metro exits", self.counts.metro),
            ("其中成对 of them paired", self.counts.paired),
            ("巴士 buses", self.counts.bus),
        ];
        for (name, Money { records, fares_fen, charges_fen, discounted, free }) in sums {
            let (fares, charges) = (fares_fen.yuan(), charges_fen.yuan());
            writeln!(f, "  {name:<28} {records:>12} {fares:>12} {charges:>13} {discounted:>12} {free:>10}")?;
        }
        match self.counts.seen_fares {
            Some((low, high)) => writeln!(
                f,
                "  无该市票价表：票价取自记录，{}至{}元内的整元视为合理，同站仅最低票价 / no fare table of that city is at hand: \
                 fares are those of the records, plausible from {} to {} in whole yuan, at one station only the lowest",
                low.yuan(),
                high.yuan(),
                low.yuan(),
                high.yuan()
            ),
            None => writeln!(f, "  没有出站票价，无法配对 / no exit with a fare: nothing can be paired"),
        }
    }

    fn pairs(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n成对行程按线路 pairs from line to line")?;
        let mut pairs: Vec<_> = self.counts.pairs_by_line.iter().collect();
        pairs.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        for (lines, count) in pairs.iter().take(SHOWN_MAX) {
            writeln!(f, "  {count:>6}  {lines}")?;
        }
        let rest: usize = pairs.iter().skip(SHOWN_MAX).map(|(_, count)| **count).sum();
        if rest > 0 { writeln!(f, "  {rest:>6}  其他 others") } else { Ok(()) }
    }

    fn stations(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n车站 stations: {}；最繁忙 busiest (进 in, 出 out)", self.counts.stations.len())?;
        for count in self.counts.stations.iter().take(SHOWN_MAX) {
            writeln!(f, "  {:>6} {:>6}  {}", count.entries, count.exits, count.station)?;
        }
        Ok(())
    }

    fn places(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = &self.counts.places;
        writeln!(f, "\n补全与更正 restored and unified")?;
        writeln!(
            f,
            "  {:>6}  车站由设备号补全 stations restored from the device ({} 个设备前缀 prefixes known, {} 个有歧义 ambiguous)",
            places.restored, places.learned, places.ambiguous
        )?;
        let unknown: usize = places.not_restored.values().sum();
        writeln!(f, "  {unknown:>6}  无法补全 not restored: no record with a name was made there")?;
        for (at, count) in &places.not_restored {
            writeln!(f, "          {count:>6}  {at}")?;
        }
        writeln!(f, "  {:>6}  站名统一 names unified, for instance:", places.unified.len())?;
        for (written, name) in places.unified.iter().take(3) {
            writeln!(f, "                  {written} → {name}")?;
        }
        for (name, count) in &places.damaged {
            writeln!(f, "  {count:>6}  站名已损坏，保留原样 damaged at the source, kept as it is: {name}")?;
        }
        Ok(())
    }

    fn unreadable(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.counts.unreadable_lines.is_empty() {
            return Ok(());
        }
        writeln!(f, "\n无法读取的行 lines that cannot be read")?;
        for (line, fault) in &self.counts.unreadable_lines {
            writeln!(f, "  line {line}: {fault} {}", chinese(fault))?;
        }
        Ok(())
    }
}

fn chinese(reason: &str) -> &'static str {
    match reason {
        "no_exit" => "无出站记录",
        "next_entry" => "出站前又有进站",
        "no_entry" => "无进站记录",
        "too_long" => "超过配对时限或跨营业日",
        "too_quick" => "快于任何列车",
        "code_older" => "出站码早于进站码",
        "no_fare" => "票价不合理或未知",
        "fare_mismatch" => "票价与行程不符",
        "station_unknown" => "车站未知且无法补全",
        "same_tap_other_content" => "同卡同时同设备而内容不同",
        "entry_with_amount" => "进站带有金额",
        "charge_over_fare" => "实收高于票价",
        "booked_before_travel" => "入账早于乘车",
        "not_utf8" => "不是UTF-8文本",
        "quote_not_closed" => "引号未闭合",
        "carriage_return" => "行内有回车符",
        "number_of_columns" => "列数不符",
        "card" => "卡号缺失或有误",
        "time" => "时间缺失或有误",
        "booking_day" => "入账日有误",
        "kind" => "交易类型未知",
        "amount" => "金额有误",
        "transfer_mark" => "联程标记有误",
        "device" => "设备号有误",
        _ => "",
    }
}
