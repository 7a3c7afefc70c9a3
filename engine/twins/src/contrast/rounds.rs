//! Rounds of pairs of blocks for the contrast: tasks that run together share no block, so that each may change
//! the states of both of its blocks, and what is added to a state comes in the same order whatever the number of
//! threads is.

use crate::threads;

/// Every pair of `count` blocks once, in rounds in which no block appears twice; the first has every block with itself.
pub(crate) fn tournament(count: usize) -> Vec<Vec<[usize; 2]>> {
    // The circle method: the last of an even number stays, the others move on by one in every round.
    let circle = count.next_multiple_of(2).max(2) - 1;
    let mut rounds = vec![(0..count).map(|i| [i, i]).collect()];
    for shift in 0..circle {
        let pair = |step: usize| {
            let (i, j) = ((shift + step) % circle, (shift + circle - step) % circle);
            if step == 0 { [i, circle] } else { [i.min(j), i.max(j)] }
        };
        rounds.push((0..=circle / 2).map(pair).filter(|[_, j]| *j < count).collect());
    }
    rounds
}

/// Every pair of one of `rows` blocks and one of `keys` others, which are numbered after them, in such rounds.
pub(crate) fn match_of_two(rows: usize, keys: usize) -> Vec<Vec<[usize; 2]>> {
    let most = rows.max(keys);
    let round = |shift: usize| (0..rows).map(move |i| [i, (i + shift) % most]).filter(|[_, j]| *j < keys);
    (0..most).map(|shift| round(shift).map(|[i, j]| [i, rows + j]).collect()).collect()
}

/// Run `body` on the states of the two blocks of every task; the second is empty where it is the first.
pub(crate) fn play<T: Default + Send>(
    states: &mut [T],
    rounds: &[Vec<[usize; 2]>],
    body: impl Fn([usize; 2], &mut T, &mut T) + Sync + Send,
) {
    for round in rounds {
        let take = |states: &mut [T], i: usize| states.get_mut(i).map(std::mem::take).unwrap_or_default();
        let tasks: Vec<_> = round.iter().map(|[i, j]| ([*i, *j], take(states, *i), take(states, *j))).collect();
        let played = threads::each(tasks, |(at, mut first, mut second)| {
            body(at, &mut first, &mut second);
            (at, first, second)
        });
        for ([i, j], first, second) in played {
            states[j] = second;
            states[i] = first;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{match_of_two, play, tournament};

    fn check(rounds: &[Vec<[usize; 2]>], mut wanted: Vec<[usize; 2]>) {
        for round in rounds {
            let mut blocks: Vec<usize> =
                round.iter().flat_map(|[i, j]| if i == j { vec![*i] } else { vec![*i, *j] }).collect();
            let count = blocks.len();
            blocks.sort_unstable();
            blocks.dedup();
            assert_eq!(blocks.len(), count, "{round:?}");
        }
        let mut got = rounds.concat();
        got.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(got, wanted);
    }

    #[test]
    fn every_pair_once_and_no_block_twice_in_a_round() {
        for count in 0..12 {
            check(&tournament(count), (0..count).flat_map(|i| (i..count).map(move |j| [i, j])).collect());
            for others in 0..12 {
                let pairs = (0..count).flat_map(|i| (0..others).map(move |j| [i, count + j]));
                check(&match_of_two(count, others), pairs.collect());
            }
        }
    }

    #[test]
    fn both_states_of_a_pair_are_changed() {
        let mut states = vec![0; 5];
        play(&mut states, &tournament(5), |[i, j], a, b| {
            *a += 1;
            *b += usize::from(i != j);
        });
        assert_eq!(states, [5; 5]);
    }
}
