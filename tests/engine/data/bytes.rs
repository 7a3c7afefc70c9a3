//! Batches as bytes: what the device makes of them is what the host makes of them.

use burn::tensor::{Device, Tensor};
use masquerade_engine::kernels::pictures::Order;
use masquerade_engine::method::Batch;
use masquerade_engine::picture_bytes::PictureBytes;
use masquerade_engine::rng::Rng;
use masquerade_tests::{block_on, gpu};

fn floats<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    block_on(masquerade_engine::readback::floats(tensor)).expect("values")
}

#[track_caller]
fn same(got: &[f32], wanted: &[f32]) {
    assert_eq!(got.len(), wanted.len());
    for (a, b) in got.iter().zip(wanted) {
        assert!((a - b).abs() <= 1e-6, "{a} instead of {b}");
    }
}

#[test]
fn bytes_and_numbers_give_the_same_pictures_and_patches() {
    for channels in [1, 3] {
        let shape = [5, 12, 18, channels];
        let mut rng = Rng::new(4, "bytes");
        let bytes = (0..shape.iter().product()).map(|_| rng.below(256) as u8).collect();
        let (mean, std) = (&[0.485, 0.456, 0.406][..channels], &[0.229, 0.224, 0.225][..channels]);
        let bytes = Batch::bytes(PictureBytes::new(shape, bytes, mean, std).expect("pictures"));
        let mut numbers = bytes.clone();
        let host = numbers.pictures_mut().expect("pictures").values.clone();
        assert!(numbers.bytes.is_none());
        assert_eq!((bytes.samples().expect("pictures"), numbers.samples().expect("pictures")), (5, 5));
        for device in [Some(Device::flex()), Some(Device::flex().autodiff()), gpu()].into_iter().flatten() {
            let pictures: Tensor<4> = bytes.tensor("imgs", &device).expect("pictures");
            assert_eq!(pictures.dims(), [5, channels, 12, 18]);
            assert_eq!(pictures.is_autodiff(), device.is_autodiff());
            same(&floats(pictures), &host);
            for order in [Order::ChannelFirst, Order::ChannelLast] {
                let [got, wanted] =
                    [&bytes, &numbers].map(|batch| floats(batch.patches(6, order, &device).expect("patches")));
                same(&got, &wanted);
            }
        }
    }
}

#[test]
fn bytes_of_the_wrong_number_are_refused() {
    assert!(PictureBytes::new([1, 2, 2, 3], vec![0; 11], &[0.0; 3], &[1.0; 3]).is_err());
    assert!(PictureBytes::new([1, 2, 2, 3], vec![0; 12], &[0.0; 1], &[1.0; 3]).is_err());
    assert!(PictureBytes::new([1, 1, 1, 0], vec![], &[], &[]).is_err());
    let batch = Batch::bytes(PictureBytes::new([1, 2, 2, 3], vec![0; 12], &[0.0; 3], &[1.0; 3]).expect("pictures"));
    assert!(batch.tensor::<3>("imgs", &Device::flex()).is_err());
    assert!(batch.tensor::<4>("clouds", &Device::flex()).is_err());
}
