// Where no time zone is set yet, that of the device is chosen beforehand.
const field = document.querySelector("select[data-device-zone]");
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if ([...(field?.options ?? [])].some((option) => option.value === zone)) field.value = zone;
