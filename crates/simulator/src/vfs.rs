//! SQLite on the simulator's disks: a VFS whose files live in [`Disk`]s of the current thread. `/310000.0/medical.db` is the
//! file `medical.db` of the disk `310000.0`.
//!
//! This is the only unsafe code of the simulator: SQLite calls back through C pointers. Each function checks nothing but what
//! its contract leaves open; everything that could go wrong is in the safe [`Disk`].

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr;
use std::sync::Once;

use rusqlite::ffi;

use crate::disk::{Dead, Disk};

/// The name under which SQLite knows it.
pub const NAME: &str = "huitong-simulator";
const PATH_LENGTH_MAX: c_int = 256;

thread_local! {
    static DISKS: RefCell<BTreeMap<String, Disk>> = const { RefCell::new(BTreeMap::new()) };
    static RANDOM: RefCell<u64> = const { RefCell::new(0) };
}

/// Makes the VFS known to SQLite, once a process; forgets all disks of this thread and starts its randomness anew.
pub fn start(seed: u64) {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(register);
    DISKS.with_borrow_mut(BTreeMap::clear);
    RANDOM.with_borrow_mut(|random| *random = seed | 1);
}

/// Does something with a disk of this thread, which is made when it is first named.
pub fn with_disk<T>(name: &str, work: impl FnOnce(&mut Disk) -> T) -> T {
    DISKS.with_borrow_mut(|disks| work(disks.entry(name.to_owned()).or_default()))
}

fn register() {
    let name = CString::new(NAME).expect("a plain name");
    let vfs = ffi::sqlite3_vfs {
        iVersion: 1,
        szOsFile: size_of::<OpenFile>() as c_int,
        mxPathname: PATH_LENGTH_MAX,
        pNext: ptr::null_mut(),
        // Lives as long as the process: SQLite keeps the pointer.
        zName: name.into_raw(),
        pAppData: ptr::null_mut(),
        xOpen: Some(open),
        xDelete: Some(delete),
        xAccess: Some(access),
        xFullPathname: Some(full_path),
        xDlOpen: None,
        xDlError: None,
        xDlSym: None,
        xDlClose: None,
        xRandomness: Some(randomness),
        xSleep: Some(sleep),
        xCurrentTime: Some(current_time),
        xGetLastError: Some(last_error),
        xCurrentTimeInt64: None,
        xSetSystemCall: None,
        xGetSystemCall: None,
        xNextSystemCall: None,
    };
    // SAFETY: the structure is complete and never freed.
    let code = unsafe { ffi::sqlite3_vfs_register(Box::into_raw(Box::new(vfs)), 0) };
    assert_eq!(code, ffi::SQLITE_OK, "SQLite takes the VFS");
}

/// An open file as SQLite allocates it: the methods, then what is ours.
#[repr(C)]
struct OpenFile {
    base: ffi::sqlite3_file,
    /// A boxed `(disk, file)`; null before `xOpen` and after `xClose`.
    place: *mut (String, String),
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    // Version 1: no shared memory, so that SQLite keeps its wal-index on the heap of the one connection.
    iVersion: 1,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(lock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: None,
    xShmLock: None,
    xShmBarrier: None,
    xShmUnmap: None,
    xFetch: None,
    xUnfetch: None,
};

fn split(path: &str) -> (String, String) {
    let (disk, file) = path.trim_start_matches('/').split_once('/').unwrap_or(("", path));
    (disk.to_owned(), file.to_owned())
}

/// # Safety
/// `name` is a string that SQLite owns for the time of the call.
unsafe fn text(name: *const c_char) -> String {
    // SAFETY: by contract of this function.
    unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned()
}

/// # Safety
/// `file` was opened by [`open`] and not yet closed.
unsafe fn place<'a>(file: *mut ffi::sqlite3_file) -> &'a (String, String) {
    // SAFETY: by contract of this function; `OpenFile` starts with the base.
    unsafe { &*(*file.cast::<OpenFile>()).place }
}

unsafe extern "C" fn open(
    _: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    _flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    let file = file.cast::<OpenFile>();
    if name.is_null() {
        // Temporary files are kept in memory (`temp_store`).
        // SAFETY: SQLite gives room for an `OpenFile`.
        unsafe { (*file).base.pMethods = ptr::null() };
        return ffi::SQLITE_CANTOPEN;
    }
    // SAFETY: SQLite gives a name, and room for an `OpenFile`.
    let place = split(&unsafe { text(name) });
    let made = with_disk(&place.0, |disk| disk.create(&place.1));
    // SAFETY: as above; `out_flags` may be null.
    unsafe {
        (*file).base.pMethods = ptr::null();
        if made.is_err() {
            return ffi::SQLITE_CANTOPEN;
        }
        (*file).place = Box::into_raw(Box::new(place));
        (*file).base.pMethods = &METHODS;
        if !out_flags.is_null() {
            *out_flags = ffi::SQLITE_OPEN_READWRITE | ffi::SQLITE_OPEN_CREATE;
        }
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    let file = file.cast::<OpenFile>();
    // SAFETY: the box was made by `open`, and is taken back once.
    unsafe {
        drop(Box::from_raw((*file).place));
        (*file).place = ptr::null_mut();
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn read(file: *mut ffi::sqlite3_file, into: *mut c_void, length: c_int, offset: i64) -> c_int {
    // SAFETY: SQLite gives an open file and a buffer of `length` bytes.
    let (place, into) =
        unsafe { (place(file), std::slice::from_raw_parts_mut(into.cast::<u8>(), length.max(0) as usize)) };
    match with_disk(&place.0, |disk| disk.read(&place.1, offset as usize, into)) {
        Ok(count) if count == into.len() => ffi::SQLITE_OK,
        Ok(count) => {
            into[count..].fill(0);
            ffi::SQLITE_IOERR_SHORT_READ
        }
        Err(Dead) => ffi::SQLITE_IOERR_READ,
    }
}

unsafe extern "C" fn write(file: *mut ffi::sqlite3_file, from: *const c_void, length: c_int, offset: i64) -> c_int {
    // SAFETY: SQLite gives an open file and `length` bytes.
    let (place, from) = unsafe { (place(file), std::slice::from_raw_parts(from.cast::<u8>(), length.max(0) as usize)) };
    let done = with_disk(&place.0, |disk| disk.write(&place.1, offset as usize, from));
    if done.is_ok() { ffi::SQLITE_OK } else { ffi::SQLITE_IOERR_WRITE }
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, size: i64) -> c_int {
    // SAFETY: SQLite gives an open file.
    let place = unsafe { place(file) };
    let done = with_disk(&place.0, |disk| disk.truncate(&place.1, size as usize));
    if done.is_ok() { ffi::SQLITE_OK } else { ffi::SQLITE_IOERR_TRUNCATE }
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _flags: c_int) -> c_int {
    // SAFETY: SQLite gives an open file.
    let place = unsafe { place(file) };
    let done = with_disk(&place.0, |disk| disk.sync(&place.1));
    if done.is_ok() { ffi::SQLITE_OK } else { ffi::SQLITE_IOERR_FSYNC }
}

unsafe extern "C" fn file_size(file: *mut ffi::sqlite3_file, size: *mut i64) -> c_int {
    // SAFETY: SQLite gives an open file and a place for the answer.
    unsafe {
        let place = place(file);
        *size = with_disk(&place.0, |disk| disk.size(&place.1)) as i64;
    }
    ffi::SQLITE_OK
}

/// One connection a file: nothing to lock.
unsafe extern "C" fn lock(_: *mut ffi::sqlite3_file, _: c_int) -> c_int {
    ffi::SQLITE_OK
}

unsafe extern "C" fn check_reserved_lock(_: *mut ffi::sqlite3_file, locked: *mut c_int) -> c_int {
    // SAFETY: SQLite gives a place for the answer.
    unsafe { *locked = 0 };
    ffi::SQLITE_OK
}

unsafe extern "C" fn file_control(_: *mut ffi::sqlite3_file, _: c_int, _: *mut c_void) -> c_int {
    ffi::SQLITE_NOTFOUND
}

unsafe extern "C" fn sector_size(_: *mut ffi::sqlite3_file) -> c_int {
    512
}

/// Nothing is promised: no atomic writes, no safe overwrite, no order.
unsafe extern "C" fn device_characteristics(_: *mut ffi::sqlite3_file) -> c_int {
    0
}

unsafe extern "C" fn delete(_: *mut ffi::sqlite3_vfs, name: *const c_char, _sync: c_int) -> c_int {
    // SAFETY: SQLite gives a name.
    let place = split(&unsafe { text(name) });
    let done = with_disk(&place.0, |disk| disk.delete(&place.1));
    if done.is_ok() { ffi::SQLITE_OK } else { ffi::SQLITE_IOERR_DELETE }
}

unsafe extern "C" fn access(_: *mut ffi::sqlite3_vfs, name: *const c_char, _: c_int, found: *mut c_int) -> c_int {
    // SAFETY: SQLite gives a name and a place for the answer.
    unsafe {
        let place = split(&text(name));
        *found = c_int::from(with_disk(&place.0, |disk| disk.exists(&place.1)));
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn full_path(_: *mut ffi::sqlite3_vfs, name: *const c_char, room: c_int, out: *mut c_char) -> c_int {
    // SAFETY: SQLite gives a name and room for `room` bytes.
    unsafe {
        let name = CStr::from_ptr(name).to_bytes_with_nul();
        if name.len() > room as usize {
            return ffi::SQLITE_CANTOPEN;
        }
        ptr::copy_nonoverlapping(name.as_ptr().cast(), out, name.len());
    }
    ffi::SQLITE_OK
}

/// The same numbers in every run.
unsafe extern "C" fn randomness(_: *mut ffi::sqlite3_vfs, length: c_int, out: *mut c_char) -> c_int {
    RANDOM.with_borrow_mut(|random| {
        for index in 0..length.max(0) as usize {
            // Xorshift: only SQLite's salts are made of it.
            *random ^= *random << 13;
            *random ^= *random >> 7;
            *random ^= *random << 17;
            // SAFETY: SQLite gives room for `length` bytes.
            unsafe { *out.add(index) = *random as c_char };
        }
    });
    length
}

unsafe extern "C" fn sleep(_: *mut ffi::sqlite3_vfs, microseconds: c_int) -> c_int {
    microseconds
}

unsafe extern "C" fn current_time(_: *mut ffi::sqlite3_vfs, day: *mut f64) -> c_int {
    // SAFETY: SQLite gives a place for the answer.
    unsafe { *day = 2_461_369.0 };
    ffi::SQLITE_OK
}

unsafe extern "C" fn last_error(_: *mut ffi::sqlite3_vfs, _: c_int, _: *mut c_char) -> c_int {
    ffi::SQLITE_OK
}
