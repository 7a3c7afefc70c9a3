//! Clips of films with sound.

use masquerade_engine::data::Cut;
use masquerade_engine::data::clips::Clip;
use masquerade_engine::data::crops::Augment;
use masquerade_engine::rng::Rng;

const EVALUATION: Cut = Cut { side: 8, frames: 4, stride: 3, augment: None };
const TRAINING: Cut = Cut { augment: Some(Augment { smallest_crop: 1.0, flip: false, turns: false }), ..EVALUATION };

#[test]
fn a_clip_and_its_sound_are_of_the_same_seconds() {
    // 75 frames at 25 a second; sound at 400 values a second tells its own time.
    let sound: Vec<f32> = (0..1200).map(|i| i as f32 / 400.0).collect();
    let rng = Rng::new(3, "clips");
    let mut starts = Vec::new();
    for number in 0..40 {
        let clip = Clip::drawn(75, 25.0, &TRAINING, &mut rng.at(number));
        let (frames, heard) = (clip.frames().collect::<Vec<_>>(), clip.sound(&sound, 400.0));
        assert!(frames.windows(2).all(|pair| pair[1] == pair[0] + 3) && frames[3] < 75, "{frames:?}");
        assert_eq!(heard.len(), 192, "12 frames of a 25th of a second");
        assert!((clip.seconds() - 0.48).abs() < 1e-12);
        assert!((heard[0] - frames[0] as f32 / 25.0).abs() < 2e-3, "{} at frame {}", heard[0], frames[0]);
        assert_eq!(clip, Clip::drawn(75, 25.0, &TRAINING, &mut rng.at(number)));
        starts.push(frames[0]);
    }
    starts.sort_unstable();
    starts.dedup();
    assert!(starts.len() > 15 && starts[0] < 10 && starts[starts.len() - 1] > 50, "{starts:?}");
}

#[test]
fn evaluation_takes_the_middle_and_short_films_are_filled_up() {
    let middle = Clip::drawn(75, 25.0, &EVALUATION, &mut Rng::new(1, "clips"));
    assert_eq!(middle.frames().collect::<Vec<_>>(), [32, 35, 38, 41]);
    for how in [EVALUATION, TRAINING] {
        let short = Clip::drawn(5, 25.0, &how, &mut Rng::new(1, "clips"));
        assert_eq!(short.frames().collect::<Vec<_>>(), [0, 3, 4, 4]);
        let heard = short.sound(&[1.0; 80], 400.0);
        assert_eq!((heard.len(), heard.iter().sum::<f32>()), (192, 80.0));
    }
    assert_eq!(Clip::drawn(0, 25.0, &EVALUATION, &mut Rng::new(1, "clips")).frames().count(), 4);
}
