//! How many finder patterns a picture shows: what to count before a search that takes the third power of it.

/// Dark, light, dark, light and dark again, this wide in modules: a line through the middle of a finder pattern.
const WIDTHS: [usize; 5] = [1, 1, 3, 1, 1];

/// Finder patterns in a picture, each once, up to `limit`. Found with the tolerance of the search, across and down.
pub fn count(width: usize, height: usize, is_dark: impl Fn(usize, usize) -> bool, limit: usize) -> usize {
    let mut found = 0;
    for y in 0..height {
        let mut runs = [0; 5];
        let mut from = 0;
        for x in 1..=width {
            let was_dark = is_dark(from, y);
            if x < width && is_dark(x, y) == was_dark {
                continue;
            }
            runs.rotate_left(1);
            runs[4] = x - from;
            from = x;
            if was_dark && fits(&runs) {
                let middle = x - runs[3] - runs[4] - runs[2].div_ceil(2);
                found += usize::from(is_top_of_stone(middle, y, height, &is_dark));
                if found >= limit {
                    return found;
                }
            }
        }
    }
    found
}

fn fits(runs: &[usize; 5]) -> bool {
    let average = (runs[0] + runs[1] + runs[3] + runs[4]) / 4;
    let tolerance = average * 3 / 4;
    average > 0
        && runs
            .iter()
            .zip(WIDTHS)
            .all(|(run, width)| (width * average - tolerance..=width * average + tolerance).contains(run))
}

/// Whether the stone in the middle of a finder pattern begins at this point, seen from above: so each is counted once.
fn is_top_of_stone(x: usize, y: usize, height: usize, is_dark: &impl Fn(usize, usize) -> bool) -> bool {
    let above = |from: usize, dark: bool| (0..from).rev().take_while(|y| is_dark(x, *y) == dark).count();
    let below = |from: usize, dark: bool| (from..height).take_while(|y| is_dark(x, *y) == dark).count();
    if !is_dark(x, y) || y == 0 || is_dark(x, y - 1) {
        return false;
    }
    let stone = below(y, true);
    let (gap_above, gap_below) = (above(y, false), below(y + stone, false));
    let (ring_above, ring_below) = (above(y - gap_above, true), below(y + stone + gap_below, true));
    fits(&[ring_above, gap_above, stone, gap_below, ring_below])
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINDER: [&str; 7] = ["#######", "#     #", "# ### #", "# ### #", "# ### #", "#     #", "#######"];

    #[test]
    fn finder_patterns_are_counted_once_at_any_size_and_to_the_limit() {
        for scale in 1..=5 {
            for across in 1..=4 {
                let side = 8 * scale * across;
                let is_dark = |x: usize, y: usize| {
                    let row = FINDER.get(y / scale % 8).map_or(&b""[..], |row| row.as_bytes());
                    row.get(x / scale % 8) == Some(&b'#')
                };
                assert_eq!(count(side, side, is_dark, 100), across * across, "{across} of scale {scale}");
                assert_eq!(count(side, side, is_dark, 3), (across * across).min(3));
            }
        }
        assert_eq!(count(20, 20, |_, _| true, 100), 0);
        assert_eq!(count(20, 20, |x, y| (x + y) % 2 == 0, 100), 0);
        assert_eq!(count(0, 0, |_, _| true, 100), 0);
    }
}
