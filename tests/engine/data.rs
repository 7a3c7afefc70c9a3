//! Picture data: decoding, loading, cropping.

mod bytes;
mod clips;
mod cropping;
mod decoding;
mod examples;
mod loading;
mod orders;
mod scenes;
mod sensors;
mod tables;

use std::future::Future;
use std::io::Cursor;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use image::{DynamicImage, ImageFormat};
use masquerade_engine::session::NamedBytes;

/// The result of a future that has nothing to wait for, as natively all file access.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("native file access waits for something"),
    }
}

pub(crate) fn encode(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    image.write_to(&mut out, format).unwrap();
    out.into_inner()
}

fn one_colour(width: u32, height: u32, colour: [u8; 3]) -> DynamicImage {
    DynamicImage::ImageRgb8(image::RgbImage::from_pixel(width, height, image::Rgb(colour)))
}

fn named(name: &str, bytes: &[u8]) -> NamedBytes {
    NamedBytes { name: name.into(), bytes: bytes.to_vec() }
}
