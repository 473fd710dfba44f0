module baton/peers/go

go 1.18
