//! What computes: the GPU through WGSL or the CPU through Flex, chosen by rule or by the user, with the reason in
//! words.

use std::sync::Mutex;

use burn::tensor::wgpu::{WgpuSetup, wgpu};
use burn::tensor::{Device, Tensor};

use crate::error::{Error, Result};
use crate::kernels;
use crate::kernels::choice;
use crate::limits::Limits;
use crate::memory;
use crate::readback;
use crate::session::{DeviceChoice, DeviceReport, Kernels};

/// Kernels that go to the GPU in one submit. A training step of the small presets fits in one, the largest needs three;
/// with more, a single submit could keep a slow GPU busy for so long (two seconds) that the driver takes it for hung
/// and resets it.
const TASKS_PER_SUBMIT: usize = 256;

/// The GPU that is in use, with the handle it was registered by. Every registration lives as long as the process, so
/// later requests get the same one until it is lost.
static GPU: Mutex<Option<(Compute, wgpu::Device)>> = Mutex::new(None);

/// A device without autodiff, and what to say about it.
#[derive(Debug, Clone)]
pub struct Compute {
    pub device: Device,
    pub report: DeviceReport,
    pub limits: Limits,
}

impl Compute {
    /// Whether the device still computes. A lost GPU never does again: it has to be opened anew ([`reopen`]).
    pub async fn answers(&self) -> bool {
        !self.report.gpu || readback::scalar(Tensor::<1>::ones([1], &self.device)).await.is_ok_and(|one| one == 1.0)
    }
}

/// Choose the kernels of the whole process; devices that are open already compute with them too.
pub fn use_kernels(kernels: Kernels) {
    choice::use_stock(kernels == Kernels::Stock);
}

/// Find a device.
///
/// A GPU that was lost is registered anew if it comes back.
///
/// `Auto` takes a hardware GPU if there is one; software adapters (llvmpipe, SwiftShader) run the same kernels tens of
/// times slower than the CPU path, so they are used only when the GPU is asked for.
///
/// # Errors
/// [`Error::Device`] when the GPU was asked for and cannot be had.
pub async fn open(choice: DeviceChoice) -> Result<Compute> {
    let mut compute = match choice {
        DeviceChoice::Cpu => cpu("The CPU was asked for."),
        DeviceChoice::Gpu => gpu(true).await.map_err(|why| {
            Error::device(
                "The GPU cannot be used",
                why,
                "Choose the CPU, or update the graphics driver or browser and try again",
            )
        })?,
        DeviceChoice::Auto => gpu(false).await.unwrap_or_else(|why| cpu(&why)),
    };
    compute.report.kernels = choice::kernels();
    Ok(compute)
}

fn cpu(reason: &str) -> Compute {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = if cfg!(target_arch = "wasm32") { 1 } else { threads };
    let report = DeviceReport {
        gpu: false,
        name: "CPU".into(),
        backend: "Flex".into(),
        software: false,
        kernels: Kernels::default(),
        reason: reason.into(),
        facts: vec![("Threads".into(), threads.to_string())],
        memory_bytes: None,
        memory_used: None,
    };
    Compute {
        device: Device::flex(),
        report,
        limits: Limits { tensor: u64::MAX, memory: memory::of_machine(), whose: "the CPU" },
    }
}

/// Take the GPU away from the engine, as a reset of its driver would, so that what follows can be tried out.
pub fn take_away() {
    let handle = GPU.lock().ok().and_then(|known| known.as_ref().map(|(_, handle)| handle.clone()));
    if let Some(handle) = handle {
        handle.destroy();
        // The loss is told to whoever listens only when the device is asked how far it is.
        if let Err(error) = handle.poll(wgpu::PollType::Poll) {
            log::debug!("a device that was taken away: {error}");
        }
    }
}

async fn gpu(software_too: bool) -> std::result::Result<Compute, String> {
    let known = GPU.lock().map_err(|e| e.to_string())?.as_ref().map(|(compute, _)| compute.clone());
    let compute = match known {
        Some(known) if known.answers().await => known,
        _ => {
            let (instance, adapter) = request_adapter().await?;
            check(&adapter, software_too)?;
            let (compute, handle) = register(instance, adapter).await?;
            *GPU.lock().map_err(|e| e.to_string())? = Some((compute.clone(), handle));
            compute
        }
    };
    if compute.report.software && !software_too {
        return Err(prefer_cpu(&compute.report.name));
    }
    Ok(compute)
}

fn prefer_cpu(name: &str) -> String {
    format!("The only GPU here is a software one ({name}); the CPU path is tens of times faster than that.")
}

async fn request_adapter() -> std::result::Result<(wgpu::Instance, wgpu::Adapter), String> {
    let instance = wgpu::Instance::default();
    let options =
        wgpu::RequestAdapterOptions { power_preference: wgpu::PowerPreference::HighPerformance, ..Default::default() };
    let adapter = instance.request_adapter(&options).await.map_err(|e| {
        if cfg!(target_arch = "wasm32") {
            format!("The browser offers no GPU: WebGPU is missing or has no adapter ({e}).")
        } else {
            format!("No GPU was found ({e}).")
        }
    })?;
    Ok((instance, adapter))
}

fn is_software(info: &wgpu::AdapterInfo) -> bool {
    let name = format!("{} {}", info.name, info.driver).to_lowercase();
    info.device_type == wgpu::DeviceType::Cpu
        || ["llvmpipe", "swiftshader", "lavapipe", "basic render"].iter().any(|s| name.contains(s))
}

fn check(adapter: &wgpu::Adapter, software_too: bool) -> std::result::Result<(), String> {
    let info = adapter.get_info();
    if is_software(&info) && !software_too {
        return Err(prefer_cpu(&info.name));
    }
    // Without this feature the tensor library's start panics on wasm (it cannot read a system clock there).
    if cfg!(target_arch = "wasm32") && !adapter.features().contains(wgpu::Features::TIMESTAMP_QUERY) {
        return Err(format!("The GPU ({}) has no timestamp queries, which the engine needs in a browser.", info.name));
    }
    if !adapter.get_downlevel_capabilities().flags.contains(wgpu::DownlevelFlags::COMPUTE_SHADERS) {
        return Err(format!("The GPU ({}) cannot run compute shaders.", info.name));
    }
    Ok(())
}

/// A device of the adapter, registered with the tensor library. It is requested here and not there, because a GPU that
/// was lost can only be registered again as another device.
async fn register(
    instance: wgpu::Instance,
    adapter: wgpu::Adapter,
) -> std::result::Result<(Compute, wgpu::Device), String> {
    let info = adapter.get_info();
    let limits = adapter.limits();
    let refused = |e: String| format!("The GPU ({}) refused: {e}", info.name);
    // The tensor library uses whatever the adapter offers, so all of that is asked for.
    let left_out = wgpu::Features::MAPPABLE_PRIMARY_BUFFERS | wgpu::Features::all_experimental_mask();
    let wanted = wgpu::DeviceDescriptor {
        required_features: adapter.features().difference(left_out),
        required_limits: limits.clone(),
        memory_hints: wgpu::MemoryHints::MemoryUsage,
        ..Default::default()
    };
    let (handle, queue) = adapter.request_device(&wanted).await.map_err(|e| refused(e.to_string()))?;
    let setup = WgpuSetup { instance, adapter, device: handle.clone(), queue, backend: info.backend };
    let device =
        Device::wgpu_options().tasks_max(TASKS_PER_SUBMIT).setup(setup).init().map_err(|e| refused(e.to_string()))?;
    let mebibytes = |bytes: u64| format!("{} MiB", bytes >> 20);
    let name = if info.name.is_empty() { format!("{:?} adapter", info.backend) } else { info.name.clone() };
    let software = is_software(&info);
    kernels::set_software(software);
    let reason =
        if software { "The GPU was asked for (a software one).".into() } else { format!("A GPU is here: {name}.") };
    let facts = vec![
        ("Driver".into(), format!("{} {}", info.driver, info.driver_info).trim().to_string()),
        ("Largest buffer".into(), mebibytes(limits.max_buffer_size)),
        ("Largest binding".into(), mebibytes(limits.max_storage_buffer_binding_size)),
        ("Workgroup memory".into(), format!("{} KiB", limits.max_compute_workgroup_storage_size >> 10)),
        ("Invocations of a workgroup".into(), limits.max_compute_invocations_per_workgroup.to_string()),
    ];
    let report = DeviceReport {
        gpu: true,
        name,
        backend: format!("{:?}", info.backend),
        software,
        kernels: Kernels::default(),
        reason,
        facts,
        memory_bytes: None,
        memory_used: None,
    };
    let limits = Limits {
        tensor: limits.max_buffer_size.min(limits.max_storage_buffer_binding_size),
        memory: None,
        whose: "this GPU",
    };
    Ok((Compute { device, report, limits }, handle))
}
